import { describe, expect, it } from "vitest";
import type { HostJournal, Invocation, VmJournal } from "../../src/evidence/journal.ts";
import { deriveHistory, type History } from "../../src/facts/history.ts";
import { bootId, unitName } from "../../src/vocabulary.ts";
import type { LiveUnit } from "../../src/evidence/unit.ts";
import {
  denied,
  hostJournal,
  line,
  liveUnit,
  start,
  unit,
  vmJournal,
  vmName,
} from "../support/literals.ts";

const OWN = unitName("microvm@demo-vm.service");

const history = (
  starts: readonly Invocation[],
  more: Partial<VmJournal> = {},
  host: Partial<HostJournal> = {},
): History =>
  deriveHistory({
    vm: vmName(),
    vmJournal: vmJournal(starts, more),
    hostJournal: hostJournal(host),
  });

const loop = (count: number, from = 10): readonly Invocation[] =>
  Array.from({ length: count }, (_, index) => start(from + 7 * index, { lives: 1 }));

const kinds = ({ phases }: History): readonly string[] => phases.map(({ kind }) => kind);
const reasons = ({ phases }: History): readonly string[] =>
  phases.flatMap((phase) => phase.reasons.map(({ kind }) => kind));
const holeAt = (since: number, until: number) => ({
  since: line(since, "before").time,
  until: line(until, "after").time,
});

describe("phases", () => {
  const stop = { unit: OWN, ref: line(40, "Stopped MicroVM 'demo-vm'.") };

  it("a loop, a stop and a start that goes on are three", () => {
    const found = history([...loop(5), start(900)], { stops: [stop] });
    expect(kinds(found)).toEqual(["failing", "silent", "running"]);
    expect(found.phases.map(({ index }) => index)).toEqual([1, 2, 3]);
    expect(reasons(found)).toEqual(["stopped"]);
    expect(found.running).toBe(true);
    expect(found.phases.at(-1)?.end).toBeUndefined();
  });

  it("a stop has the command that sudo showed beside it, and no other", () => {
    const command = (at: number) => ({
      kind: "operator" as const,
      user: "alice",
      command: "/run/current-system/sw/bin/systemctl stop microvm@demo-vm",
      ref: line(at, "COMMAND=systemctl stop microvm@demo-vm"),
    });
    const shown = (at: number) =>
      history([...loop(5), start(900)], { stops: [stop] }, { events: [command(at)] }).phases[1]
        ?.reasons;
    expect(shown(39)).toMatchObject([{ kind: "stopped", command: { kind: "journal" } }]);
    expect(shown(300)?.[0]).not.toHaveProperty("command");
  });

  it("a command for another VM changes nothing here", () => {
    const other = {
      kind: "operator" as const,
      user: "alice",
      command: "systemctl restart microvm@other-vm",
      ref: line(20, "COMMAND=systemctl restart microvm@other-vm"),
    };
    expect(history(loop(5), {}, { events: [other] }).changes).toEqual([]);
  });

  it("a silence after the last start lasts to the end of the journal", () => {
    const found = history(loop(4));
    expect(kinds(found)).toEqual(["failing", "silent"]);
    expect(found.phases[1]?.end).toBeUndefined();
    expect(reasons(found)).toEqual(["unrecorded"]);
    expect(found.running).toBe(false);
  });

  it("a hole is given as the reason of the silence that it lies in", () => {
    const found = (since: number, until: number) =>
      reasons(history([...loop(4), start(3000)], {}, { holes: [holeAt(since, until)] }));
    expect(found(100, 2900)).toEqual(["journal-hole"]);
    expect(found(3100, 3500)).toEqual(["unrecorded"]);
  });

  it("a start limit and a skipped start are reasons too", () => {
    const limits = [{ unit: OWN, ref: line(33, "Start request repeated too quickly.") }];
    const skipped = [{ unit: OWN, ref: line(500, "was skipped") }];
    expect(reasons(history(loop(4), { limits, skipped }))).toEqual(["start-limit", "skipped"]);
  });

  it("another boot begins another phase, also without a silence", () => {
    const rebooted = start(45, { lives: 1, more: { boot: bootId("c".repeat(32)) } });
    expect(kinds(history([...loop(5), rebooted])).slice(0, 2)).toEqual(["failing", "failing"]);
    const late = start(900, { more: { boot: bootId("c".repeat(32)) } });
    expect(reasons(history([...loop(5), late]))).toEqual(["other-boot"]);
  });

  it("one odd round inside a loop is no phase of its own, a lasting change is", () => {
    const round = (at: number, path: string) => start(at, { lives: 1, says: [denied(path)] });
    const failing = (paths: readonly string[]) =>
      kinds(history(paths.map((path, index) => round(10 + 7 * index, path)))).filter(
        (kind) => kind === "failing",
      ).length;
    expect(failing(["/run/a", "/run/a", "/run/b", "/run/a", "/run/a"])).toBe(1);
    expect(failing(["/run/a", "/run/a", "/run/a", "/run/b", "/run/b"])).toBe(2);
  });
});

describe("on a live host", () => {
  const again = start(50);
  const last = line(50, "Started MicroVM 'demo-vm'.").time;
  const asked = (live: Partial<LiveUnit>) =>
    deriveHistory({
      vm: vmName(),
      vmJournal: vmJournal([...loop(4), again]),
      hostJournal: hostJournal({ last }),
      unit: unit({ live: liveUnit({ invocation: again.id, ...live }) }),
    });

  it("a quiet start after a loop is told from it by systemd's word, without one more line", () => {
    const found = asked({ upFor: 60_000_000 });
    expect(kinds(found)).toEqual(["failing", "running"]);
    expect(found.running).toBe(true);
    expect(found.phases.at(-1)?.starts).toEqual([again]);
    expect(found.readyStarts).toEqual([again]);
    expect(found.runningBy?.kind).toBe("command");
  });

  it("a start that lives longer than the rounds before it is no round, though it is not ready yet", () => {
    expect(kinds(asked({ upFor: 8_000_000 }))).toEqual(["failing", "running"]);
    expect(asked({ upFor: 8_000_000 }).readyStarts).toEqual([]);
  });

  it("a stop that cut the last round short does not hide that the loop is over", () => {
    const cut = start(40, { lives: 1, fails: false });
    const found = deriveHistory({
      vm: vmName(),
      vmJournal: vmJournal([...loop(4), cut, again]),
      hostJournal: hostJournal({ last }),
      unit: unit({ live: liveUnit({ invocation: again.id, upFor: 8_000_000 }) }),
    });
    expect(kinds(found)).toEqual(["failing", "running"]);
  });

  it("a round that happens to be up at that moment is a round", () => {
    expect(kinds(asked({ upFor: 900_000 }))).toEqual(["failing"]);
  });

  it("systemd's word on another start says nothing of this one", () => {
    expect(kinds(asked({ upFor: 60_000_000, invocation: "f".repeat(32) }))).toEqual(["failing"]);
  });

  it("a unit that systemd calls failed does not run", () => {
    const found = asked({ activeState: "failed", upFor: 60_000_000 });
    expect(found.running).toBe(false);
    expect(found.runningBy?.kind).toBe("command");
  });
});

describe("a wait is no life", () => {
  it("a failed start that waits a minute for its restart was not up for that minute", () => {
    const slow = [10, 80, 150, 220].map((second) => {
      const one = start(second, { lives: 1 });
      return { ...one, restart: line(second + 60, "Scheduled restart job") };
    });
    expect(history(slow).readyStarts).toEqual([]);
    expect(kinds(history(slow))[0]).toBe("failing");
  });
});

describe("loops", () => {
  it("have the count, the failures, and the median period", () => {
    const starts = [10, 17, 24, 31, 60].map((at) => start(at, { lives: 1 }));
    expect(history(starts).loops).toMatchObject([{ count: 5, failed: 5, period: 7_000_000 }]);
  });

  it("need four starts, one boot, and a restart between each two", () => {
    expect(history(loop(3)).loops).toEqual([]);
    const byHand = [10, 17, 24, 31].map((at) => start(at, { lives: 1, restarts: false }));
    expect(history(byHand).loops).toEqual([]);
    const [first, second, ...rest] = loop(5);
    if (first === undefined || second === undefined) throw new Error("a loop has starts");
    const otherBoot = bootId("c".repeat(32));
    const rebooted = [first, second, ...rest.map((one) => ({ ...one, boot: otherBoot }))];
    expect(history(rebooted).loops).toEqual([]);
  });
});
