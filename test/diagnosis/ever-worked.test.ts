import { describe, expect, it } from "vitest";
import { everWorked, runnersByPath } from "../../src/diagnosis/ever-worked.ts";
import type { EverWorked } from "../../src/diagnosis/finding.ts";
import type { HostJournal, Invocation } from "../../src/evidence/journal.ts";
import type { Runner } from "../../src/evidence/runner.ts";
import { deriveHistory } from "../../src/facts/history.ts";
import { findSecrets } from "../../src/facts/secrets.ts";
import { unitName } from "../../src/vocabulary.ts";
import {
  credential,
  denied,
  holedJournal,
  numbersLost,
  hostJournal,
  line,
  link,
  readOf,
  runner,
  size,
  start,
  state,
  store,
  unit,
  vmJournal,
  vmName,
} from "../support/literals.ts";

const KEY = "/run/secrets/demo/api-key";

interface Case {
  readonly starts?: readonly Invocation[];
  readonly host?: HostJournal;
  readonly runner?: Runner;
  readonly wanted?: boolean;
  readonly journalComplete?: boolean;
}

/** A VM that wants one secret; its runner is known only where a test gives one. */
const asked = ({
  starts = [],
  host = hostJournal(),
  runner: known,
  wanted = true,
  journalComplete = true,
}: Case): EverWorked => {
  const journal = vmJournal(starts);
  return everWorked({
    history: deriveHistory({
      vm: vmName(),
      vmJournal: journal,
      hostJournal: host,
      ...(known === undefined
        ? {}
        : { state: state({ current: link("current", store("microvm-qemu-demo-vm")) }) }),
    }),
    hostJournal: host,
    secrets: findSecrets({
      vmJournal: journal,
      ...(wanted ? { unit: unit({ credentials: [credential("api-key", KEY)] }) } : {}),
    }),
    runners: runnersByPath([known], []),
    journalComplete,
  });
};

const empty = start(10, { says: [size("API_KEY", 0)] });
const refused = [10, 17, 24, 31].map((at) => start(at, { lives: 1, says: [denied(KEY)] }));
const suppressed = (unitOf: string) =>
  hostJournal({ suppressed: [{ unit: unitName(unitOf), ref: line(20, "Suppressed 9 messages") }] });

describe("whether a secret ever reached the guest", () => {
  it("is yes by the guest's own word, whatever the journal lost besides", () => {
    const full = start(10, { says: [size("API_KEY", 44)] });
    expect(asked({ starts: [full] })).toMatchObject({ answer: "yes" });
    expect(asked({ starts: [full], host: holedJournal(), journalComplete: false }).answer).toBe(
      "yes",
    );
  });

  it.each([
    ["the guest reports 0 bytes", { starts: [empty] }],
    ["every start ended at the failed read", { starts: refused }],
    ["the runner has no way for secrets", { starts: [start(10)], runner: runner() }],
    [
      "only lines of another unit were suppressed",
      { starts: [empty], host: suppressed("a.service") },
    ],
  ] satisfies readonly (readonly [string, Case])[])("is no where %s", (_, given) => {
    const found = asked(given);
    expect(found.answer).toBe("no");
    expect(found.evidence[0]?.kind).toBe("coverage");
  });

  it.each([
    ["the journal has a hole", { starts: [empty], host: holedJournal() }],
    ["entries are missing between two files", { starts: [empty], host: numbersLost() }],
    ["systemd's own lines were suppressed", { starts: [empty], host: suppressed("init.scope") }],
    ["holes were not looked for", { starts: [empty], host: hostJournal({ unchecked: "no" }) }],
    ["the journal was read in part", { starts: [empty], journalComplete: false }],
    [
      "lines of the unit were suppressed",
      { starts: [empty], host: suppressed("microvm@demo-vm.service") },
    ],
    ["an unknown runner ran without a word", { starts: [start(10)] }],
    [
      "a runner with a way ran without a word",
      { starts: [start(10)], runner: runner({ reads: [readOf(KEY)] }) },
    ],
    ["there was no start", {}],
    ["nobody wants a secret", { starts: [start(10)], wanted: false }],
  ] satisfies readonly (readonly [string, Case])[])("is unknown where %s", (_, given) => {
    expect(asked(given).answer).toBe("unknown");
  });

  it("holds from the oldest entry on where the journal begins in the middle of a boot", () => {
    const head = (isFirst: boolean) => {
      const { boots, first } = hostJournal();
      const [boot] = boots;
      if (boot === undefined || first === undefined) throw new Error("the journal has a boot");
      return asked({
        starts: [empty],
        host: hostJournal({
          head: { boot: boot.id, time: first, afterBoot: 7_200_000_000, isFirst },
        }),
      });
    };
    expect(head(false)).toMatchObject({ answer: "no" });
    expect(head(false).basis).toContain("2 h after the host's boot: the answer holds from then on");
    expect(head(true)).toMatchObject({ answer: "no" });
    expect(head(true).basis).toContain("What was before, it cannot tell.");
  });

  it("is unknown without the journal", () => {
    const found = everWorked({
      history: undefined,
      hostJournal: undefined,
      secrets: [],
      runners: new Map(),
      journalComplete: false,
    });
    expect(found.answer).toBe("unknown");
  });
});
