import { describe, expect, it } from "vitest";
import { ledgerOf } from "../../src/diagnosis/ledger.ts";
import type { Gap } from "../../src/evidence/evidence.ts";
import type { HostJournal } from "../../src/evidence/journal.ts";
import { idList } from "../../src/report/evidence-numbers.ts";
import { ledgerLines } from "../../src/report/ledger.ts";
import { bootId, unitName } from "../../src/vocabulary.ts";
import { hostJournal, line, moment, vmName } from "../support/literals.ts";

const HOUR = 3_600;
const boots = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: bootId(String(index).repeat(32)),
    first: moment(index * HOUR),
    last: moment(index * HOUR + 1800),
  }));
const journalOf = (count: number, more: Partial<HostJournal> = {}): HostJournal =>
  hostJournal({ boots: boots(count), first: moment(0), last: moment(count * HOUR), ...more });

const GAPS: readonly Gap[] = [
  { source: "unit", reason: "may not be read", required: true, kind: "rights", vm: vmName() },
  { source: "nix-store", reason: "nix-store is not on the path", required: false },
];

describe("the ledger of coverage", () => {
  it("is in the order of source, boot, time and kind, whatever the order of what was found", () => {
    const lost = journalOf(2, {
      holes: [{ since: moment(4000), until: moment(6000) }],
      sequenceHoles: [
        { since: moment(600), until: moment(700), count: 20, after: 5, before: 26 },
        { since: moment(60), until: moment(70), count: 30, after: 1, before: 32 },
      ],
      suppressed: [{ unit: unitName("a.service"), count: 9, ref: line(650, "Suppressed") }],
      shortfalls: [{ kind: "damage", reason: "a file is damaged" }],
    });
    const ledger = ledgerOf(lost, [], GAPS);
    expect(
      ledger.map(({ id, line: { source, kind, mayHide } }) => [id, source, kind, mayHide]),
    ).toEqual([
      ["c1", "journal", "span", false],
      ["c2", "journal", "sequence-hole", true],
      ["c3", "journal", "sequence-hole", true],
      ["c4", "journal", "suppressed", false],
      ["c5", "journal", "span", false],
      ["c6", "journal", "silence", true],
      ["c7", "journal", "damage", true],
      ["c8", "unit", "rights", true],
      ["c9", "nix-store", "not-kept", false],
    ]);
    const turned = ledgerOf(
      { ...lost, sequenceHoles: lost.sequenceHoles.toReversed() },
      [],
      GAPS.toReversed(),
    );
    expect(turned).toEqual(ledger);
  });

  it("has a line each for a few boots, and one for all of many", () => {
    const shown = (count: number) =>
      ledgerLines(ledgerOf(journalOf(count), [], []), "UTC").map(({ ids }) => ids);
    expect(shown(3)).toEqual(["c1", "c2", "c3"]);
    expect(shown(9)).toEqual(["c1-c9"]);
  });

  it("says that there is nothing where the journal holds nothing", () => {
    const { first: _, last: __, ...empty } = hostJournal({ boots: [] });
    expect(ledgerOf(empty, [], [])).toMatchObject([{ line: { kind: "not-kept", mayHide: true } }]);
  });

  it("is cited by neighbours as a span", () => {
    expect(idList(["c3", "c1", "c2", "c7", "c9", "c8", "c12"])).toBe("c1-c3 c7-c9 c12");
    expect(idList(["c2", "c1"])).toBe("c1 c2");
    expect(idList([])).toBe("");
  });
});
