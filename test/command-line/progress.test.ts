import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { canBuildTrees } from "../support/built-trees.ts";
import { buildHostTree, loadScenario } from "../support/host-tree.ts";
import { requireTools } from "../support/requirements.ts";
import { onTerminal } from "../support/terminal.ts";

const visible = (shown: string): string => shown.replaceAll("\u001B", "^[");

/** journalctl as it is on a slow disk: a moment before each answer, and one between the entries of a long one. */
const SLOW = String.raw`#!/bin/sh
sleep 0.6
case "$*" in
*--output=export*)
  PATH=$REAL journalctl "$@" | perl -ne 'BEGIN { $| = 1 } print; select(undef, undef, undef, 0.005) if $_ eq "\n"' ;;
*) PATH=$REAL exec journalctl "$@" ;;
esac
`;

describe.skipIf(!canBuildTrees || !requireTools("script", "perl"))("progress on a terminal", () => {
  let scratch = "";
  let tree = "";
  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), "mvdoctor-progress-"));
    tree = join(scratch, "host");
    await buildHostTree(await loadScenario("secret-never-loaded"), tree, { nixDatabase: false });
    const slow = join(scratch, "journalctl");
    const path = process.env["PATH"] ?? "";
    writeFileSync(slow, SLOW.replaceAll("$REAL", `'${path}'`));
    chmodSync(slow, 0o755);
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
  });

  const shownBy = async (
    command: string,
    flags: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> => {
    const { shown } = await onTerminal([command, "test-vm", "--root", tree, ...flags], {
      env: { PATH: `${scratch}:${process.env["PATH"] ?? ""}`, PAGER: "cat", CI: "", ...env },
    });
    return visible(shown);
  };
  const LINE = "\rmvdoctor: ";

  it("counts what is read, tells what is left, and leaves nothing behind", async () => {
    const shown = await shownBy("diagnose");
    const drawn = shown.split("\r").slice(1);
    expect(drawn.length).toBeGreaterThan(3);
    expect(shown).toMatch(
      /\rmvdoctor: reading the journal of test-vm: \d+ entries, about \d+ s left\^\[\[K/u,
    );
    // The report begins on the line that was cleared.
    expect(drawn.at(-1)).toMatch(/^\^\[\[K(?:\^\[\[\d*m)*test-vm/u);
    for (const line of drawn.slice(0, -1)) {
      expect(line).toMatch(/^mvdoctor: [ -~]+\^\[\[K$/u);
      expect(line.length).toBeLessThan(80);
    }
  }, 30_000);

  test.for<[string, readonly string[], Record<string, string>]>([
    ["with -q", ["-q"], {}],
    ["in CI", [], { CI: "true" }],
    ["on a dumb terminal", [], { TERM: "dumb" }],
  ])("is not shown %s", async ([, flags, env]) => {
    const shown = await shownBy("check", flags, env);
    expect(shown).toContain("test-vm");
    expect(shown).not.toContain(LINE);
  });

  it("is cleared before a failure is told", async () => {
    const { shown, status } = await onTerminal(["check", "no-such-vm", "--root", tree], {
      env: { PATH: `${scratch}:${process.env["PATH"] ?? ""}`, CI: "" },
    });
    expect(status).toBe(4);
    expect(visible(shown)).toMatch(/\r\^\[\[Kmvdoctor: there is no VM no-such-vm\n/u);
  });

  it("is that of the first look where a host is watched", async () => {
    const { shown, status } = await onTerminal(["watch", "test-vm", "--root", tree], {
      env: { PATH: `${scratch}:${process.env["PATH"] ?? ""}`, CI: "" },
      typed: { keys: "\u0003", after: "Ctrl-C ends" },
    });
    expect(visible(shown)).toMatch(/\r\^\[\[Kmvdoctor: watching test-vm on britton-desktop/u);
    expect(shown.slice(shown.indexOf("watching"))).not.toContain(LINE);
    expect(status).toBe(130);
  }, 30_000);
});
