import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { choosePager, type Runner } from "../../src/command-line/pager.ts";
import { requireTools } from "../support/requirements.ts";
import { runMvdoctor } from "../support/run-node.ts";
import { onTerminal } from "../support/terminal.ts";

const OWN: Runner = { env: {}, euid: 1000, sessionOwner: 1000 };
const programsOf = (runner: Partial<Runner>): readonly string[] | undefined =>
  choosePager({ ...OWN, ...runner })?.programs.map((words) => words.join(" "));

describe("the pager that is chosen, by systemctl(1)", () => {
  test.for<[string, Partial<Runner>, readonly string[] | undefined]>([
    ["is the usual one in one's own session", {}, ["pager", "less", "more"]],
    ["is none where $PAGER is empty", { env: { PAGER: "" } }, undefined],
    ["is none where $PAGER is cat", { env: { PAGER: "cat" } }, undefined],
    ["is none on a dumb terminal", { env: { TERM: "dumb" } }, undefined],
    [
      "follows $SYSTEMD_PAGER before $PAGER",
      { env: { SYSTEMD_PAGER: "", PAGER: "less" } },
      undefined,
    ],
    ["is not another one by $PAGER alone", { env: { PAGER: "vim -" } }, ["pager", "less", "more"]],
    [
      "is another one where $SYSTEMD_PAGERSECURE says that this is known",
      { env: { PAGER: "moar  -x", SYSTEMD_PAGERSECURE: "0" } },
      ["moar -x", "pager", "less", "more"],
    ],
    ["is only less for root in the session of somebody else", { euid: 0 }, ["less"]],
    ["is only less under sudo", { euid: 0, sessionOwner: 0, env: { SUDO_UID: "1000" } }, ["less"]],
    ["is only less outside of a session", { sessionOwner: undefined }, ["less"]],
    [
      "is only less where $SYSTEMD_PAGERSECURE cannot be understood",
      { env: { SYSTEMD_PAGERSECURE: "perhaps" } },
      ["less"],
    ],
    [
      "is the one that is named where it promises to be secure",
      { euid: 0, env: { SYSTEMD_PAGER: "less -N", SYSTEMD_PAGERSECURE: "1" } },
      ["less -N", "less"],
    ],
  ])("%s", ([, runner, expected]) => {
    expect(programsOf(runner)).toEqual(expected);
  });

  test.for<[string, Partial<Runner>, Record<string, string | undefined>]>([
    [
      "systemd's options, and a shell where it is one's own",
      {},
      { LESS: "FRSXMK", LESSSECURE: undefined, LESSCHARSET: undefined },
    ],
    ["no shell under sudo", { env: { SUDO_UID: "1" } }, { LESSSECURE: "1" }],
    [
      "no shell because somebody had one before",
      { euid: 0, env: { LESSSECURE: "0" } },
      { LESSSECURE: "1" },
    ],
    ["the options of $SYSTEMD_LESS", { env: { SYSTEMD_LESS: "FR" } }, { LESS: "FR" }],
    ["UTF-8 in a locale of it", { env: { LANG: "de_DE.UTF-8" } }, { LESSCHARSET: "utf-8" }],
    [
      "not UTF-8 where LC_ALL says otherwise",
      { env: { LANG: "de_DE.UTF-8", LC_ALL: "C" } },
      { LESSCHARSET: undefined },
    ],
  ])("it is given %s", ([, runner, expected]) => {
    expect(choosePager({ ...OWN, ...runner })?.env).toMatchObject(expected);
  });
});

const DIAGNOSE = [
  "diagnose",
  "test-vm",
  "--bundle",
  "fixtures/incidents/secret-never-loaded/evidence.mvb",
  "--now",
  "2025-09-27 01:52:00",
];

describe.skipIf(!requireTools("script", "less"))("on a terminal", () => {
  let bin = "";
  beforeAll(() => {
    bin = mkdtempSync(join(tmpdir(), "mvdoctor-pager-"));
    for (const name of ["less", "other"]) {
      writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $LESS secure=$LESSSECURE"\ncat\n`);
      chmodSync(join(bin, name), 0o755);
    }
  });
  afterAll(() => {
    rmSync(bin, { recursive: true });
  });
  const env = (more: Readonly<Record<string, string>> = {}) => ({
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    ...more,
  });

  it("the report is shown in the pager, and the status is the one of what was found", async () => {
    const { shown, status } = await onTerminal(DIAGNOSE, { env: env() });
    expect(shown).toMatch(/^less FRSXMK secure=1\n/u);
    expect(shown).toContain("FAILING");
    expect(status).toBe(1);
  });

  it("no pager that is only named is started for root in the session of somebody else", async () => {
    const { shown } = await onTerminal(DIAGNOSE, {
      env: env({ SYSTEMD_PAGER: "other", SUDO_UID: "1" }),
    });
    expect(shown).toMatch(/^less /u);
  });

  it("the pager that is named is started where that is said to be meant", async () => {
    const { shown } = await onTerminal(DIAGNOSE, {
      env: env({ SYSTEMD_PAGER: "other", SYSTEMD_PAGERSECURE: "0" }),
    });
    expect(shown).toMatch(/^other /u);
  });

  test.for<[string, readonly string[], Record<string, string>]>([
    ["--no-pager", ["--no-pager"], {}],
    ["PAGER=cat", [], { PAGER: "cat" }],
    ["TERM=dumb", [], { TERM: "dumb" }],
  ])("there is no pager with %s", async ([, flags, more]) => {
    const { shown, status } = await onTerminal([...DIAGNOSE, ...flags], { env: env(more) });
    expect(shown).not.toContain("secure=");
    expect(shown).toContain("FAILING");
    expect(status).toBe(1);
  });

  it("the text is shown as it is where no pager is installed", async () => {
    const { shown } = await onTerminal(["rules"], { env: { PATH: "/nonexistent" } });
    expect(shown).toContain("access/file-mode");
  });

  test.for<[string, string]>([
    ["q", "q"],
    ["Ctrl-C", "\u0003"],
  ])("who leaves less with %s early gets the status of what was found", async ([, keys]) => {
    const { shown, status } = await onTerminal(DIAGNOSE, {
      typed: { keys, after: "The way of each secret" },
    });
    expect(shown).toContain("FAILING");
    expect(shown).not.toContain("Report of");
    expect(status).toBe(1);
  });
});

it("a pipe gets the text and no pager", () => {
  const { stdout } = runMvdoctor(DIAGNOSE, {
    env: { SYSTEMD_PAGER: "/bin/false", SYSTEMD_PAGERSECURE: "0" },
  });
  expect(stdout).toMatch(/^test-vm on /u);
});
