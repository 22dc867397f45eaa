import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it, test } from "vitest";
import { canBuildTrees } from "../support/built-trees.ts";
import { loadScenarioCases } from "../support/scenario-file.ts";
import { buildScenario } from "../support/scenario-run.ts";
import { runMvdoctor } from "../support/run-node.ts";
import { onTerminal } from "../support/terminal.ts";
import { requireTools } from "../support/requirements.ts";

const SOURCE = ["--bundle", "fixtures/incidents/secret-never-loaded/evidence.mvb"];
const told = (...flags: readonly string[]): string =>
  runMvdoctor(["diagnose", "test-vm", ...SOURCE, "--now", "2025-09-27 01:52:00", ...flags]).stdout;

describe("the terminal report", () => {
  it("says in its first three lines what is broken, since when, and what to do", () => {
    const [first = "", second = "", third = ""] = told().split("\n");
    expect(first).toMatch(/^test-vm on britton-desktop: FAILING, at least since 2025-09-27 00:41/u);
    expect(second).toMatch(/^ {2}Cause: The runner in force has no way for a secret/u);
    expect(third).toMatch(/^ {2}Repair: Put the credentials .*\(option A\)$/u);
    expect(Math.max(first.length, second.length, third.length)).toBeLessThanOrEqual(80);
  });

  it("tells first of the secrets' way, then of the findings, then of the options", () => {
    const text = told();
    const places = ["The way of each secret", "Findings", "What to do", "What happened"].map(
      (heading) => text.indexOf(`\n${heading}\n`),
    );
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it("quotes each piece of evidence once, and defines every number that it cites", () => {
    const text = told();
    const cited = [...text.matchAll(/\[(?<ids>e\d+(?:\s+e\d+)*)\]/gu)].flatMap(
      ({ groups }) => groups?.["ids"]?.split(/\s+/u) ?? [],
    );
    const defined = [...text.matchAll(/^ *(?:\| )?\[(?<id>e\d+)\] /gmu)].map(
      ({ groups }) => groups?.["id"] ?? "",
    );
    expect(defined.length).toBeGreaterThan(20);
    expect(new Set(defined).size).toBe(defined.length);
    expect([...new Set(cited)].toSorted()).toEqual(defined.toSorted());
  });

  it("gives every store path that it shortened in full", () => {
    const text = told();
    const [prose = "", full = ""] = text.split("\nStore paths in full\n");
    const short = new Set(prose.match(/\/nix\/store\/[0-9a-z]{8}\*-[\w.+-]*\w/gu));
    expect(short.size).toBeGreaterThan(3);
    for (const path of short) {
      const [hash = "", name = ""] = path.replace("/nix/store/", "").split("*");
      expect(full).toMatch(new RegExp(`/nix/store/${hash}[0-9a-z]{24}${name}$`, "mu"));
    }
  });

  it("is a line for each VM with -q", () => {
    expect(told("-q")).toBe(
      "test-vm on britton-desktop: FAILING, at least since 2025-09-27 00:41:39 -04:00: The runner in force has no way for a secret to reach the guest [runner/no-secret-path]\n",
    );
  });

  it("tells on stderr what a line has no room for: why the picture is incomplete", () => {
    const { stdout, stderr, status } = runMvdoctor(["diagnose", "-q", "--root", "/usr/share"]);
    expect(stdout).toMatch(/No VM was found\.\n$/u);
    expect(stderr).toMatch(/^mvdoctor: incomplete: [^\n]*journal: /mu);
    expect(status).toBe(3);
  });

  it("explains its findings with -x", () => {
    expect(told()).not.toContain("-- Why it matters:");
    expect(told("-x").match(/^ {4}-- Why it matters:/gmu)?.length).toBe(9);
  });

  it("lists the commands that were run with -v, as a shell takes them", () => {
    expect(told()).not.toContain("Commands that");
    const text = told("-v");
    expect(text).toMatch(/^ {2}journalctl --output=json --all UNIT=microvm@test-vm\.service /mu);
    expect(text).toMatch(/^ {2}journalctl --output=json '--grep=\^systemd [^']*' /mu);
    expect(text).toMatch(/^ {2}systemctl show .* microvm@test-vm\.service {3}# ended with \S+$/mu);
    expect(text).toMatch(/^ {2}nix-store --query --referrers-closure \/nix\/store\//mu);
  });

  test.for([
    ["-q", "json"],
    ["-x", "markdown"],
  ])("%s with %s is refused, since it changes nothing there", ([flag = "", format = ""]) => {
    const { status, stderr } = runMvdoctor(["diagnose", ...SOURCE, flag, "-o", format]);
    expect(status).toBe(2);
    expect(stderr).toContain(`cannot be used with --output=${format}`);
  });
});

describe.skipIf(!requireTools("script"))("on a terminal", () => {
  const shown = async (columns: number, ...flags: readonly string[]): Promise<string> =>
    (
      await onTerminal(["diagnose", "test-vm", ...SOURCE, "--no-pager", ...flags], {
        columns,
      })
    ).shown;
  const lines = (text: string): readonly string[] => stripVTControlCharacters(text).split("\n");

  it("the way of a secret is drawn, and words carry it", async () => {
    expect(lines(await shown(80))).toContain(
      "  api-key     ok ─────▶ ok ─────▶ ok ────────▶ BROKEN    -           -",
    );
  });

  it("--plain has neither colour nor a character beyond ASCII", async () => {
    expect(await shown(80)).toContain("\u001B[");
    expect(await shown(80, "--plain")).not.toMatch(/[^\n\u0020-\u007E]/u);
  });

  it("the width that is there is used", async () => {
    const wide = lines(await shown(110, "--plain"));
    expect(
      Math.max(...wide.filter((line) => !/\S{40}/u.test(line)).map(({ length }) => length)),
    ).toBeGreaterThan(100);
    const narrow = lines(await shown(50, "--plain"));
    expect(narrow).toContain("  api-key: source ok, access ok, credentials ok,");
    const long = narrow.filter(
      (line) => line.length > 50 && !/\S{20}/u.test(line) && !/^ {7}/u.test(line),
    );
    expect(long).toEqual([]);
  });
});

describe.skipIf(!canBuildTrees)("of a VM that fails for a reason that nobody tells", () => {
  it("the three lines say what was seen, and where to read on", async () => {
    const scratch = mkdtempSync(join(tmpdir(), "mvdoctor-seen-"));
    try {
      const one = (await loadScenarioCases()).find(
        ({ subject }) => subject === "lifecycle/clean-exit",
      );
      if (one === undefined) throw new Error("the scenario is gone");
      const root = join(scratch, "host");
      await buildScenario(one, root);
      const { stdout } = runMvdoctor(["diagnose", "web", "--root", root]);
      expect(stdout.split("\n").slice(0, 4)).toEqual([
        expect.stringMatching(/^web on kiln: FAILING, at least since /u),
        "  Seen: 40 starts in a row ended with success, one every... (why is not known)",
        "  Repair: mvdoctor explain lifecycle/clean-exit tells how",
        "",
      ]);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });
});
