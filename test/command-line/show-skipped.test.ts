import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runMvdoctor } from "../support/run-node.ts";

interface JsonAnswer {
  readonly vms: readonly {
    readonly rules: {
      readonly skipped: readonly { readonly id: string; readonly missing: readonly string[] }[];
    };
  }[];
}

let root = "";
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "mvdoctor-bare-"));
  mkdirSync(join(root, "var/lib/microvms/demo-vm"), { recursive: true });
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

const asked = (...args: readonly string[]): string =>
  runMvdoctor([...args, "demo-vm", "--root", root, "--now", "2025-10-01"]).stdout;

const oneLine = (text: string): string => text.replaceAll(/\s+/gu, " ");

describe("on a host with a state directory and nothing else", () => {
  it.each([
    ["diagnose", "text"],
    ["diagnose", "markdown"],
    ["report", "markdown"],
    ["check", "text"],
    ["check", "markdown"],
  ])(
    "%s as %s counts the rules that were not asked, and lists them on request",
    (command, format) => {
      const answer = JSON.parse(asked("diagnose", "-o", "json")) as JsonAnswer;
      const skipped = answer.vms.flatMap(({ rules }) => rules.skipped);
      expect(skipped.length).toBeGreaterThan(5);
      const count = `${skipped.length} rules were not asked`;
      const bare = oneLine(asked(command, "-o", format));
      expect(bare).toContain(count);
      expect(bare).not.toContain("without the Nix store: runner");

      const shown = oneLine(asked(command, "-o", format, "--show-skipped"));
      const list = shown.slice(shown.indexOf(count)).replaceAll("\\", "");
      expect(skipped.filter(({ id }) => !list.includes(id))).toEqual([]);
      expect(list).toContain("without the Nix store: runner");
    },
  );
});
