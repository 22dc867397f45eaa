import { describe, expect, it } from "vitest";
import type { Diagnosis } from "../../src/diagnosis/diagnose.ts";
import type { Finding } from "../../src/diagnosis/finding.ts";
import { newsOf } from "../../src/diagnosis/news.ts";

const MODE = {
  id: "access/file-mode",
  role: "root-cause",
  severity: "error",
  repaired: false,
  scope: { inForce: true },
  subject: { path: "/run/secrets/a" },
} as unknown as Finding;
const LOOP = {
  ...MODE,
  id: "lifecycle/crash-loop",
  role: "consequence",
  subject: { unit: "microvm@one.service", count: 4, last: "2025-09-27T04:41:39.120000Z" },
} as unknown as Finding;

interface Look {
  readonly vm?: string;
  readonly findings?: readonly Finding[];
  readonly suppressed?: readonly Finding[];
  readonly gaps?: readonly string[];
  readonly skipped?: readonly string[];
}

const look = ({
  vm = "one",
  findings = [],
  suppressed = [],
  gaps = [],
  skipped = [],
}: Look): Diagnosis =>
  ({
    gaps: gaps.map((source) => ({ source, reason: "it was", required: true })),
    ledger: [],
    vms: [
      {
        vm,
        findings,
        suppressed: suppressed.map((finding) => ({ finding })),
        outcomes: skipped.map((id) => ({ id, status: "skipped", missing: [] })),
      },
    ],
  }) as unknown as Diagnosis;

/** What is told of looks that follow each other: `appeared one access/file-mode`. */
const told = (looks: readonly Look[]): readonly (readonly string[])[] => {
  const fresh = newsOf("warning");
  return looks.map((one) =>
    fresh(look(one)).map(({ event, vm, finding }) => `${event} ${vm} ${finding.id}`),
  );
};

describe("what is news", () => {
  it("is a finding once it becomes true, and once it no longer is", () => {
    const looks = [{}, { findings: [MODE] }, { findings: [MODE] }, {}, {}, { findings: [MODE] }];
    expect(told(looks)).toEqual([
      [],
      ["appeared one access/file-mode"],
      [],
      ["resolved one access/file-mode"],
      [],
      ["appeared one access/file-mode"],
    ]);
  });

  it("is not that a count or a time has changed", () => {
    const later = {
      ...LOOP,
      subject: { ...LOOP.subject, count: 40, last: "2025-09-27T05:41:39.120000Z" },
    };
    expect(told([{ findings: [LOOP] }, { findings: [later] }])).toEqual([
      ["already one lifecycle/crash-loop"],
      [],
    ]);
  });

  it("is the same fault of another path or another VM", () => {
    const other = { ...MODE, subject: { path: "/run/secrets/b" } };
    expect(
      told([
        { findings: [MODE] },
        { findings: [MODE, other] },
        { vm: "two", findings: [MODE] },
      ]).slice(1),
    ).toEqual([
      ["appeared one access/file-mode"],
      [
        "resolved one access/file-mode",
        "resolved one access/file-mode",
        "appeared two access/file-mode",
      ],
    ]);
  });

  it.each<[string, Partial<Finding>]>([
    ["a note", { role: "note" }],
    ["what is less severe than is wanted", { severity: "info" }],
    ["what was so in an earlier phase", { scope: { inForce: false } }],
    ["what a later start got past", { repaired: true }],
  ])("is not %s", (_, change) => {
    expect(told([{}, { findings: [{ ...MODE, ...change }] }])).toEqual([[], []]);
  });

  it("is not that a source could not be read this time", () => {
    expect(told([{ findings: [MODE] }, { gaps: ["journal"] }, { findings: [MODE] }])).toEqual([
      ["already one access/file-mode"],
      [],
      [],
    ]);
  });

  it("is not that its rule could not be asked this time", () => {
    expect(told([{ findings: [MODE] }, { skipped: [MODE.id] }, {}])).toEqual([
      ["already one access/file-mode"],
      [],
      ["resolved one access/file-mode"],
    ]);
  });

  it("is that it ended, though some source was never to be read", () => {
    const gaps = ["nix-store"];
    expect(told([{ findings: [MODE], gaps }, { gaps }])[1]).toEqual([
      "resolved one access/file-mode",
    ]);
  });

  it("is not that somebody suppressed it", () => {
    expect(told([{ findings: [MODE] }, { suppressed: [MODE] }])[1]).toEqual([]);
  });
});
