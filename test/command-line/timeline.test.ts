import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireTools } from "../support/requirements.ts";
import { runMvdoctor } from "../support/run-node.ts";

const SOURCE = ["--bundle", "fixtures/incidents/secret-never-loaded/evidence.mvb"];
const ended = (...args: readonly string[]) => runMvdoctor(["timeline", ...SOURCE, ...args]);
const told = (...args: readonly string[]): string => ended("test-vm", ...args).stdout;

interface JsonTimeline {
  readonly vms: readonly {
    readonly vm: string;
    readonly phases: readonly { readonly index: number }[];
    readonly rows: readonly {
      readonly time: string;
      readonly kind: string;
      readonly phase: number | null;
      readonly text: string;
      readonly loop?: { readonly count: number; readonly density: readonly number[] };
    }[];
  }[];
}

const rowsOf = (...args: readonly string[]) => {
  const { vms } = JSON.parse(ended(...args, "--json").stdout) as JsonTimeline;
  return vms.flatMap(({ vm, rows }) => rows.map((row) => ({ vm, ...row })));
};

describe("the timeline", () => {
  it("has causes and effects on one axis", () => {
    expect(rowsOf("test-vm").map(({ kind, text }) => `${kind}: ${text.slice(0, 40)}`)).toEqual([
      "loop: 26 starts, one every 7.0 s, all failed: ",
      "operator: /run/current-system/sw/bin/systemctl sto",
      "end: Stopped MicroVM 'test-vm'.",
      "operator: /run/current-system/sw/bin/rm -rf /var/l",
      "host: generation 3 of the system is made",
      "host: switch to generation 3, /nix/store/h84zg",
      "secrets: generation 4 of /run/secrets is written ",
      "host: install-microvm runs",
      "host: current -> /nix/store/llip7cdximw7vviirk",
      "start: start",
      "guest: [    3.1] demo-oem-credentials-start[523",
    ]);
  });

  it("shows how long nothing ran, and why", () => {
    expect(told()).toMatch(
      /Phase 2: Nothing ran: stopped by hand \(48 min 22 s\)\n {4}The unit was stopped by a stop job, which an operator asked for\.\n/u,
    );
  });

  it("shows a crash loop as one row with count, period and how its starts lie in time", () => {
    const loops = rowsOf("test-vm").filter(({ kind }) => kind === "loop");
    expect(loops).toHaveLength(1);
    expect(loops[0]?.loop?.count).toBe(26);
    expect(loops[0]?.loop?.density.reduce((sum, count) => sum + count, 0)).toBe(26);
    expect(told()).toMatch(/26 starts, one every 7\.0 s, all failed, until 00:44:38\n/u);
    expect(told()).toMatch(/^ +\[#{13}\]$/mu);
  });

  it("shows every start of it with --all", () => {
    const rows = rowsOf("test-vm", "--all");
    expect(rows.filter(({ kind }) => kind === "loop")).toEqual([]);
    expect(rows.filter(({ kind, phase }) => kind === "start" && phase === 1)).toHaveLength(52);
    expect(rowsOf("app-vm-02", "--all").length).toBeGreaterThan(rowsOf("app-vm-02").length);
  });

  it("shows the newest rows with -n, over all VMs", () => {
    const all = rowsOf();
    const newest = rowsOf("-n", "3");
    expect(newest).toHaveLength(3);
    const oldest = newest.map(({ time }) => time).toSorted()[0] ?? "";
    expect(all.filter(({ time }) => time > oldest).length).toBeLessThan(3);
    expect(rowsOf("-n", "0")).toEqual([]);
    expect(ended("-n", "0").stdout).toContain("There is no row to show.");
  });

  it("tells backwards with -r", () => {
    const texts = (...args: readonly string[]) =>
      rowsOf("test-vm", ...args).map(({ text }) => text);
    expect(texts("-r")).toEqual(texts().toReversed());
    const text = told("-r");
    expect(text.indexOf("Phase 3")).toBeLessThan(text.indexOf("Phase 1"));
  });

  it("shows rows that match with -g, and no phase without one", () => {
    expect(rowsOf("-g", "api_key = 0").map(({ vm }) => vm)).toEqual(["test-vm"]);
    expect(rowsOf("-g", "Api_key = 0")).toEqual([]);
    const text = told("-g", "^current -> ");
    expect(text).toContain("Phase 2");
    expect(text).not.toContain("Phase 1");
  });

  it("refuses a pattern that is none, as one line", () => {
    const { status, stderr } = ended("-g", "(");
    expect(status).toBe(2);
    expect(stderr).toMatch(/^mvdoctor: --grep "\(" is no regular expression: [^\n]*\n$/u);
  });

  it("keeps to the span that was asked for, files included", () => {
    const texts = rowsOf("test-vm", "--until", "00:50").map(({ text }) => text);
    expect(texts).not.toContain("generation 3 of the system is made");
    expect(texts).toContain("Stopped MicroVM 'test-vm'.");
  });

  it("has no line over 80 columns but where a path cannot be broken", () => {
    const long = told()
      .split("\n")
      .filter((line) => line.length > 80 && !/\S{40}/u.test(line));
    expect(long).toEqual([]);
  });
});

describe.skipIf(!requireTools("lnav"))("-o lnav", () => {
  let home = "";
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), "mvdoctor-lnav-"));
  });
  afterAll(() => {
    rmSync(home, { recursive: true });
  });

  it("is a log that lnav reads without a format file, line by line", () => {
    const file = join(home, "timeline.log");
    expect(ended("-o", "lnav", "--output-file", file).status).toBe(0);
    const query =
      ";select log_time, json_extract(fields, '$.vm') as vm, json_extract(fields, '$.kind') as kind, log_body from logfmt_log";
    const { stdout } = spawnSync("lnav", ["-n", "-c", query, "-c", ":write-json-to -", file], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: home, TERM: "dumb", TZ: "UTC" },
      timeout: 30_000,
    });
    const read = JSON.parse(stdout) as readonly {
      readonly log_time: string;
      readonly vm: string;
      readonly kind: string;
      readonly log_body: string;
    }[];
    const rows = rowsOf().toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    expect(read.map(({ vm, kind }) => `${vm} ${kind}`)).toEqual(
      rows.map(({ vm, kind }) => `${vm} ${kind}`),
    );
    expect(read.map(({ log_time: time }) => time)).toEqual(
      rows.map(({ time }) => time.replace("T", " ").slice(0, 23)),
    );
    expect(read.at(-1)?.log_body).toContain("API_KEY = 0 bytes");
  });
});
