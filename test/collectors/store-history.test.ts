import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectRegistrations } from "../../src/collectors/registrations.ts";
import { collectSourceCopies } from "../../src/collectors/source-copies.ts";
import { valueOf } from "../../src/evidence/evidence.ts";
import { openHost } from "../../src/host/open-host.ts";
import { emptyRecording, replayHost } from "../../src/host/recording.ts";
import { store } from "../support/literals.ts";

const PATH = store("microvm-qemu-demo-vm");

/** A host that gave this answer to `nix path-info`. */
const answering = (stdout: string, exitCode = 0, stderr = "") =>
  replayHost({
    ...emptyRecording({ kind: "root", ownJournal: false, origin: "a recording" }),
    commands: {
      [`nix path-info --json ${PATH}`]: {
        program: "nix",
        args: ["path-info", "--json", PATH],
        milliseconds: 1,
        exitCode,
        stderr,
        stdout,
      },
    },
  });

describe("when a store path was registered", () => {
  const info = { narSize: 120, registrationTime: 1_758_947_864, references: [] };

  it.each([
    ["a list, as up to Nix 2.18", [{ path: PATH, ...info }]],
    ["an object by path", { [PATH]: info }],
    ["an object by name below info", { version: 2, info: { [PATH.slice(11)]: info } }],
  ])("is read from %s", async (_, answer) => {
    const found = valueOf(await collectRegistrations(answering(JSON.stringify(answer)), [PATH]));
    expect([...(found?.times ?? [])]).toEqual([[PATH, 1_758_947_864_000_000]]);
  });

  it.each([
    ["a path that is not valid", [{ path: PATH, valid: false }]],
    ["an invalid path, by its path", { [PATH]: null }],
    ["a time that the store does not know", [{ path: PATH, registrationTime: 0 }]],
    ["an answer without times", { [PATH]: { narSize: 1 } }],
  ])("is not known for %s", async (_, answer) => {
    const found = await collectRegistrations(answering(JSON.stringify(answer)), [PATH]);
    expect(valueOf(found)?.times.size).toBe(0);
  });

  it("is unavailable, with the reason, where nix does not say", async () => {
    expect(await collectRegistrations(answering("", 1, "error: no\nmore"), [PATH])).toMatchObject({
      status: "unavailable",
      detail: "error: no",
    });
    expect(await collectRegistrations(answering("no JSON"), [PATH])).toMatchObject({
      status: "unavailable",
      reason: "malformed",
    });
  });
});

describe("copies of microvm.nix in the store", () => {
  let root = "";
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "mvdoctor-sources-"));
  });
  afterAll(() => {
    rmSync(root, { recursive: true, force: true });
  });

  let copies = 0;
  const put = (name: string, text: string): void => {
    copies += 1;
    const lib = join(root, "nix/store", `${String(copies).padStart(32, "0")}-${name}`, "lib");
    mkdirSync(lib, { recursive: true });
    writeFileSync(join(lib, "runner.nix"), text);
  };

  it("are known by their runner.nix, with whose microvm-run wins", async () => {
    const own = (between: string) =>
      `{ microvmConfig, ... }: rec {\n  binScripts = microvmConfig.binScripts${between}// {\n    microvm-run = ''x'';\n  };\n}\n`;
    put("source", own(" "));
    put("source", own("\n    "));
    put(
      "source",
      `{ microvmConfig, ... }: rec {\n  # microvmConfig.binScripts // { microvm-run\n  binScripts = { microvm-run = ''x''; } // microvmConfig.binScripts;\n}\n`,
    );
    put(
      "source",
      `{ microvmConfig, ... }: { microvm-run = microvmConfig.binScripts.microvm-run or "x"; }`,
    );
    put("microvm.nix-71beea0", `{ microvmConfig, ... }: { microvm-run = "old"; }`);
    put("source", `{ ... }: { of = "another project"; }`);
    put("microvm-qemu-demo-vm", own(" "));
    const found = valueOf(await collectSourceCopies(openHost(root)));
    expect(found?.looked).toBe(6);
    expect(found?.copies.map(({ merge }) => merge)).toEqual([
      "own-wins",
      "own-wins",
      "declared-wins",
      "declared-wins",
      "unknown",
    ]);
    expect(found?.copies.map(({ mergedAt }) => mergedAt?.line)).toEqual([2, 2, 3, 1, undefined]);
    expect(new Set(found?.copies.map(({ digest }) => digest)).size).toBe(5);
  });

  it("are unknown where there is no store", async () => {
    expect(await collectSourceCopies(openHost(join(root, "nix")))).toMatchObject({
      status: "unavailable",
    });
  });
});
