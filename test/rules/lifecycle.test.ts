import { describe, expect, it } from "vitest";
import type { EvidenceMap } from "../../src/evidence/evidence.ts";
import type { Invocation } from "../../src/evidence/journal.ts";
import { unitName } from "../../src/vocabulary.ts";
import { idsOf, judged } from "../support/judged.ts";
import {
  denied,
  hostJournal,
  identity,
  line,
  link,
  runner,
  start,
  state,
  store,
  unit,
  vmJournal,
} from "../support/literals.ts";

const OWN = unitName("microvm@demo-vm.service");

const found = (journal: EvidenceMap["vmJournal"], more: Partial<EvidenceMap> = {}) =>
  judged({
    identity,
    hostJournal: hostJournal(),
    vmJournal: journal,
    state: state({ current: link("current", store("microvm-qemu-demo-vm")) }),
    runners: { current: runner() },
    unit: unit(),
    ...more,
  });
const every = (
  count: number,
  make: (at: number) => Invocation,
  seconds = 7,
): readonly Invocation[] => Array.from({ length: count }, (_, index) => make(10 + seconds * index));

describe("runs that end by themselves with success", () => {
  const ends = (at: number): Invocation => start(at, { lives: 2, fails: false, restarts: true });

  it("and are started again each time are a loop without a failure", () => {
    const ids = idsOf(found(vmJournal(every(6, ends))));
    expect(ids).toContain("lifecycle/clean-exit");
    expect(ids).not.toContain("lifecycle/crash-loop");
  });

  it("are none where a guest reboots now and then", () => {
    expect(idsOf(found(vmJournal(every(4, ends, 900))))).not.toContain("lifecycle/clean-exit");
    expect(idsOf(found(vmJournal(every(2, ends))))).not.toContain("lifecycle/clean-exit");
  });

  it("are none where stop jobs lie between them: nothing schedules a restart", () => {
    const stopped = (at: number): Invocation =>
      start(at, {
        lives: 2,
        fails: false,
        restarts: false,
        more: { stopping: line(at + 1, "Stopping") },
      });
    const ids = idsOf(found(vmJournal(every(8, stopped))));
    expect(ids).not.toContain("lifecycle/clean-exit");
    expect(ids).not.toContain("lifecycle/crash-loop");
  });

  it("have a cause where the guest's own boot gave up", () => {
    const panics = (at: number): Invocation =>
      start(at, { lives: 2, fails: false, restarts: true, says: [{ kind: "guest-panic" }] });
    const findings = found(vmJournal(every(6, panics)));
    expect(findings.find(({ id }) => id === "lifecycle/clean-exit")?.causedBy[0]?.id).toBe(
      "unrelated/guest-console",
    );
  });
});

describe("a start limit", () => {
  const limited = (starts: readonly Invocation[], more: Partial<EvidenceMap> = {}) =>
    found(
      vmJournal(starts, { limits: [{ unit: OWN, ref: line(60, "repeated too quickly") }] }),
      more,
    ).find(({ id }) => id === "lifecycle/start-limit");
  const failing = every(5, (at) => start(at, { lives: 1 }));

  it("is told with the wait of the unit, and whether the journal says what the starts failed over", () => {
    const wait = { value: "1s", ref: line(0, "RestartSec=1s") };
    const of = (starts: readonly Invocation[]) =>
      limited(starts, {
        unit: unit({ restartSec: { value: wait.value, ref: unit().fragment } }),
      })?.explanation;
    expect(of(failing)).toContain("waits 1s");
    expect(of(failing)).toContain("does not say what its starts failed over");
    const refused = every(5, (at) => start(at, { lives: 1, says: [denied("/run/secrets/x")] }));
    expect(of(refused)).toContain("stands beside it");
  });

  it("is past where a later start went through", () => {
    expect(limited(failing)?.severity).toBe("error");
    expect(limited([...failing, start(300)])?.severity).toBe("info");
  });
});
