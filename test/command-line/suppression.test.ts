import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireRoot, requireTools } from "../support/requirements.ts";
import { REPOSITORY, runMvdoctor } from "../support/run-node.ts";

const BUNDLE = join(REPOSITORY, "fixtures/incidents/secret-never-loaded/evidence.mvb");
const REASON = "Both are replaced with the next release.";
const ENTRIES = [
  { rule: "runner/*", vm: "test-vm", reason: REASON, until: "2025-10-01" },
  { rule: "access/file-mode", path: "/run/secrets/**", reason: REASON, until: "2025-10-01" },
];

let scratch = "";
const written = (name: string, config: unknown): string => {
  const file = join(scratch, name);
  writeFileSync(file, JSON.stringify(config));
  return file;
};
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "mvdoctor-config-"));
});
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

const NOW = "2025-10-01 23:59:59";
const asked = (command: string, config: unknown, { now = NOW, format = "text" } = {}) =>
  runMvdoctor([
    command,
    "test-vm",
    "--bundle",
    BUNDLE,
    "--now",
    now,
    "-o",
    format,
    "--config",
    written("config.json", config),
  ]);

const oneLine = (text: string): string => text.replaceAll(/\s+/gu, " ");

interface JsonAnswer {
  readonly suppressions: { readonly expired: readonly unknown[] };
  readonly vms: readonly {
    readonly status: string;
    readonly rootCauses: readonly string[];
    readonly options: readonly unknown[];
    readonly findings: readonly { readonly id: string; readonly severity: string }[];
    readonly suppressed: readonly { readonly id: string; readonly reason: string }[];
  }[];
}
const answerOf = (stdout: string) => {
  const answer = JSON.parse(stdout) as JsonAnswer;
  return { ...answer, vm: answer.vms[0] };
};

describe("a configuration that suppresses every cause", () => {
  it("leaves no root cause, no repair and no failure, and keeps all of it countable", () => {
    const bare = answerOf(asked("diagnose", {}, { format: "json" }).stdout);
    expect(bare.vm?.rootCauses).toEqual(["runner/no-secret-path", "access/file-mode"]);
    const ended = asked("diagnose", { suppress: ENTRIES }, { format: "json" });
    const { vm } = answerOf(ended.stdout);
    expect(ended.status).toBe(0);
    expect(vm).toMatchObject({ status: "healthy", rootCauses: [], options: [] });
    expect(vm?.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    const counted = [...(vm?.findings ?? []), ...(vm?.suppressed ?? [])].map(({ id }) => id);
    expect(counted.toSorted()).toEqual(bare.vm?.findings.map(({ id }) => id).toSorted());
    expect(new Set(vm?.suppressed.map(({ reason }) => reason))).toEqual(new Set([REASON]));
  });

  it("is told in text and Markdown, with reason and last day", () => {
    for (const [format, command] of [
      ["text", "diagnose"],
      ["markdown", "report"],
      ["text", "check"],
      ["markdown", "check"],
    ] as const) {
      const words = asked(command, { suppress: ENTRIES }, { format }).stdout.replaceAll(
        /\s+/gu,
        " ",
      );
      expect(words).toMatch(/\d findings are suppressed by \S*config\.json/u);
      expect(words).toContain(`runner/no-secret-path (error) until 2025-10-01: ${REASON}`);
    }
  });

  it("does not say that nothing stands in the way", () => {
    expect(oneLine(asked("diagnose", { suppress: ENTRIES }).stdout)).toContain(
      "what it is to get, but for what is suppressed.",
    );
  });

  it("has no say in what the next start would get", () => {
    const ended = asked("check", { suppress: ENTRIES });
    expect(ended.stdout).toContain("would NOT get its secrets");
    expect(ended.status).toBe(0);
  });

  it("suppresses nothing from the day after its last one on, and the report says so", () => {
    const next = { now: "2025-10-02 00:00:00" };
    const ended = asked("diagnose", { suppress: ENTRIES }, { ...next, format: "json" });
    const answer = answerOf(ended.stdout);
    expect(ended.status).toBe(1);
    expect(answer.vm).toMatchObject({ status: "failing", suppressed: [] });
    expect(answer.suppressions.expired).toHaveLength(2);
    for (const format of ["text", "markdown"]) {
      const { stdout } = asked("report", { suppress: ENTRIES }, { ...next, format });
      expect(stdout.replaceAll(/\s+/gu, " ")).toMatch(
        /The suppression of runner\/\S* for test-vm in \S+ has expired; it held until 2025-10-01/u,
      );
    }
  });
});

describe("a configuration that cannot be used ends with 2 and one line", () => {
  it.each<[string, () => string, string]>([
    [
      "an entry without a day",
      () => written("day.json", { suppress: [{ ...ENTRIES[0], until: "" }] }),
      'suppress[0].until: "" is no day',
    ],
    ["a file that is not there", () => join(scratch, "none.json"), "there is no such file"],
    ["a directory", () => scratch, "it is a directory"],
  ])("for %s", (_, file, complaint) => {
    const ended = runMvdoctor(["diagnose", "--bundle", BUNDLE, "--config", file()]);
    expect(ended).toMatchObject({ status: 2, stdout: "" });
    expect(ended.stderr.split("\n")[0]).toContain(`${file()} cannot be used: ${complaint}`);
  });
});

describe.skipIf(!(requireTools("unshare", "mount") && requireRoot()))("the usual file", () => {
  it("is the one of this machine, where it is there", () => {
    const config = written("usual.json", { suppress: ENTRIES });
    const { stdout } = execaSync(
      "unshare",
      [
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        `mount -t tmpfs tmpfs "$1" && mkdir -p "$1/upper/mvdoctor" "$1/work" && cat > "$1/upper/mvdoctor/config.json" &&
       mount -t overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" overlay /etc && shift && exec "$@"`,
        "sh",
        "/mnt",
        process.execPath,
        join(REPOSITORY, "dist/bin.js"),
        "diagnose",
        "test-vm",
        "--bundle",
        BUNDLE,
        "--now",
        NOW,
      ],
      { inputFile: config },
    );
    expect(stdout.replaceAll(/\s+/gu, " ")).toContain("suppressed by /etc/mvdoctor/config.json");
  });
});
