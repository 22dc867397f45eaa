import { describe, expect, it } from "vitest";
import type { EvidenceMap } from "../../src/evidence/evidence.ts";
import type { Invocation } from "../../src/evidence/journal.ts";
import type { OutputMeaning, VmmTrouble } from "../../src/evidence/output.ts";
import { bootId, hostPath, unitName } from "../../src/vocabulary.ts";
import { idsOf, judged } from "../support/judged.ts";
import {
  credential,
  hostJournal,
  identity,
  line,
  link,
  quietHost,
  runner,
  secretFiles,
  start,
  state,
  store,
  unit,
  vmJournal,
  walkTo,
} from "../support/literals.ts";

const OWN = unitName("microvm@demo-vm.service");
const RUNNER = store("microvm-qemu-demo-vm");

const host = (more: Partial<EvidenceMap> = {}): Partial<EvidenceMap> => ({
  identity,
  hostJournal: hostJournal(),
  state: state({ current: link("current", RUNNER) }),
  runners: { current: runner() },
  unit: unit(),
  ...more,
});
const found = (starts: readonly Invocation[], more: Partial<EvidenceMap> = {}) =>
  judged(host({ vmJournal: vmJournal(starts), ...more }));
const trouble = (about: VmmTrouble): OutputMeaning => ({ kind: "vmm-error", about });

/** Starts that fail one after the other, every six seconds. */
const failing = (count: number, says: readonly OutputMeaning[]): readonly Invocation[] =>
  Array.from({ length: count }, (_, index) => start(10 + 6 * index, { lives: 1, says }));

const TROUBLES = [
  ["tap", "unrelated/tap"],
  ["kvm", "unrelated/kvm"],
  ["vsock", "unrelated/vsock"],
  ["lock", "unrelated/lock"],
  ["memory", "unrelated/oom"],
  ["directory", "unrelated/state-directory"],
  ["panic", "unrelated/vmm-crash"],
] as const;

describe.each(TROUBLES)("a VMM that ends over its %s", (about, id) => {
  const roleOf = (starts: readonly Invocation[]) =>
    found(starts).find((finding) => finding.id === id)?.role;

  it("is why the VM is down", () => {
    const findings = found(failing(6, [trouble(about)]));
    expect(findings.filter(({ role }) => role === "root-cause").map((one) => one.id)).toEqual([id]);
    expect(findings.find((one) => one.id === "lifecycle/crash-loop")?.causedBy[0]?.id).toBe(id);
  });

  it("is why, too, where the journal ends in the middle of the next start", () => {
    const last = start(34);
    const journal = hostJournal({ last: line(36, "").time });
    const findings = judged(
      host({
        vmJournal: vmJournal([...failing(4, [trouble(about)]), last]),
        hostJournal: journal,
      }),
    );
    expect(findings.find((finding) => finding.id === id)?.role).toBe("root-cause");
  });

  it("is a note where a later start got over it", () => {
    const later = start(300, { says: [{ kind: "guest-kernel" }] });
    expect(roleOf([...failing(4, [trouble(about)]), later])).toBe("note");
  });

  // A VMM can panic at any time: its word is told from the guest's by its form, not by its place.
  it.skipIf(about === "panic")("is nothing where it is the guest's word", () => {
    const own = start(10, {
      lives: 600,
      more: {
        lines: [
          { meanings: [{ kind: "guest-kernel" }], ref: line(12, "[    0.0] Linux version") },
          { meanings: [trouble(about)], ref: line(400, "said in the guest") },
        ],
      },
    });
    expect(idsOf(found([own]))).not.toContain(id);
  });

  it("is a note where the VM was stopped and only its stop went wrong", () => {
    const stopped = start(10, {
      lives: 600,
      says: [trouble(about)],
      more: { stopping: line(500, "Stopping") },
    });
    expect(roleOf([stopped])).not.toBe("root-cause");
  });
});

describe("a crash", () => {
  const killed = (status: number, more: Partial<Invocation> = {}) =>
    start(10, {
      lives: 60,
      more: {
        exits: [{ command: "ExecStart", code: "killed", status, ref: line(70, "killed") }],
        ...more,
      },
    });

  it.each([4, 6, 7, 11, 31])("is an end by signal %i", (signal) => {
    expect(idsOf(found([killed(signal)]))).toContain("unrelated/vmm-crash");
  });

  it.each([1, 9, 15])("is no end by signal %i, which somebody sends", (signal) => {
    expect(idsOf(found([killed(signal)]))).not.toContain("unrelated/vmm-crash");
  });

  it("is none where a stop job stands before it", () => {
    const stopping = { stopping: line(60, "Stopping") };
    expect(idsOf(found([killed(6, stopping)]))).not.toContain("unrelated/vmm-crash");
  });

  it("is none where systemd's watchdog sent the signal", () => {
    const watchdog = { result: { value: "watchdog", ref: line(70, "watchdog") } };
    expect(idsOf(found([killed(6, watchdog)]))).not.toContain("unrelated/vmm-crash");
  });
});

describe("a kill for want of memory", () => {
  const killed = (pid: number) =>
    start(10, {
      lives: 60,
      more: {
        firstOutput: line(11, "QEMU speaks", { pid }),
        exits: [{ command: "ExecStart", code: "killed", status: 9, ref: line(70, "killed") }],
        result: { value: "signal", ref: line(70, "signal") },
      },
    });
  const kernelLog = {
    denials: [],
    kills: [{ ref: line(70, "Killed process 4242 (qemu-system-x86)"), pid: 4242 }],
  };

  it("is told by the process that the kernel names, where systemd saw a mere signal", () => {
    expect(idsOf(found([killed(4242)], { kernelLog }))).toContain("unrelated/oom");
    expect(idsOf(found([killed(4243)], { kernelLog }))).not.toContain("unrelated/oom");
  });
});

describe("a helper that failed first", () => {
  const behind = (name: string, meanings: readonly OutputMeaning[]) =>
    idsOf(
      judged(
        host({
          vmJournal: vmJournal([], {
            helpers: [
              start(9, {
                lives: 1,
                says: meanings,
                more: { unit: unitName(`${name}@demo-vm.service`) },
              }),
            ],
            failedJobs: [{ unit: OWN, result: "dependency", ref: line(10, "Dependency failed") }],
          }),
        }),
      ).filter(({ role }) => role === "root-cause"),
    );

  it("over the interface that it makes, is the interface's fault", () => {
    expect(behind("microvm-tap-interfaces", [trouble("tap")])).toEqual(["unrelated/tap"]);
  });

  it("over the directory that it writes in, is the directory's", () => {
    expect(behind("microvm-set-booted", [trouble("directory")])).toEqual([
      "unrelated/state-directory",
    ]);
  });

  it("without a word, is the unit's own", () => {
    expect(behind("microvm-tap-interfaces", [])).toEqual(["unrelated/other-unit"]);
    expect(behind("microvm-pci-devices", [trouble("tap")])).toEqual(["unrelated/other-unit"]);
  });
});

describe("a volume", () => {
  const path = "/persist/web-keys/state";
  const denied = (program: string): OutputMeaning => ({
    kind: "permission-denied",
    path: hostPath(path),
    program,
  });
  const needs = {
    ...quietHost.runnerNeeds,
    volumes: [
      {
        path: hostPath(path),
        ref: { kind: "file", path: hostPath("/nix/store/x"), line: 3 } as const,
        walk: walkTo(path),
      },
    ],
  };

  it("is what the runner names as one", () => {
    const starts = failing(4, [denied("qemu-system-x86_64")]);
    expect(idsOf(found(starts, { runnerNeeds: needs }))).toContain("unrelated/volume");
    expect(idsOf(found(starts))).not.toContain("unrelated/volume");
  });

  it("is what a program that makes volumes names", () => {
    expect(idsOf(found(failing(4, [denied("truncate")])))).toContain("unrelated/volume");
    expect(idsOf(found(failing(4, [denied("cat")])))).not.toContain("unrelated/volume");
  });

  const disk: OutputMeaning = {
    kind: "permission-denied",
    path: hostPath("/dev/mapper/pool-web"),
    program: "microvm",
  };
  const groups = new Map([
    ...identity.groups,
    ["disk", { name: "disk", gid: 6, members: [] }] as const,
  ]);
  const device = (gid: number) =>
    found(failing(4, [disk]), {
      identity: { ...identity, groups },
      secretFiles: secretFiles(
        walkTo("/dev/mapper/pool-web", { type: "block-device", mode: 0o660, gid }),
      ),
    })
      .filter(({ role }) => role === "root-cause")
      .map(({ id }) => id);

  it("on a block device is the group disk's matter where the device belongs to it", () => {
    expect(device(6)).toEqual(["unrelated/upstream-change"]);
    expect(device(0)).toEqual(["unrelated/volume"]);
  });
});

describe("a credential that a program refuses for its mode", () => {
  const refused = failing(4, [{ kind: "credential-mode" }]);
  const under = (major: number) =>
    idsOf(
      found(refused, {
        platform: {
          ...quietHost.platform,
          systemd: { text: `${major}.1`, major, ref: line(0, `systemd ${major}`) },
        },
      }),
    );

  it("is how an ACL looks since systemd 254, and something else before", () => {
    expect(under(254)).toContain("unrelated/upstream-change");
    expect(under(253)).not.toContain("unrelated/upstream-change");
  });
});

describe("a container", () => {
  const KEY = "/run/secrets/demo/api-key";
  const COPY = hostPath("/run/credentials/microvm@demo-vm.service/api-key");
  const inContainer = (
    platform: EvidenceMap["platform"],
    there: boolean,
    kind: "no-such-file" | "permission-denied" = "no-such-file",
  ) =>
    idsOf(
      found(failing(4, [{ kind, path: COPY }]), {
        platform,
        unit: unit({ credentials: [credential("api-key", KEY)] }),
        secretFiles: secretFiles(...(there ? [walkTo(KEY)] : [])),
      }),
    );
  const container = {
    ...quietHost.platform,
    container: { kind: "lxc", ref: line(0, "Detected virtualization lxc.") },
  };

  it("that shows no credentials although every source is there forbids their mount", () => {
    expect(inContainer(container, true)).toContain("unrelated/host-environment");
    expect(inContainer(container, true, "permission-denied")).toContain(
      "unrelated/host-environment",
    );
  });

  it("is none where the host is no container, or a source is not there", () => {
    expect(inContainer(quietHost.platform, true)).not.toContain("unrelated/host-environment");
    expect(inContainer(container, false)).not.toContain("unrelated/host-environment");
  });
});

describe("a stop", () => {
  const stopped = start(10, {
    lives: 60,
    fails: false,
    more: { stopping: line(69, "Stopping MicroVM 'demo-vm'...") },
  });
  const again = start(90, { says: [{ kind: "guest-kernel" }] });
  const events = (...list: EvidenceMap["hostJournal"]["events"]) => ({
    hostJournal: hostJournal({ events: list }),
  });
  const told = (more: Partial<EvidenceMap>) =>
    idsOf(found([stopped, again], more)).filter((id) => id.startsWith("unrelated/"));

  it("that a switch lists is the switch's, one of another VM is not", () => {
    const listing = (name: string) =>
      told(
        events({
          kind: "switch-units",
          action: "stopping",
          units: [unitName(name)],
          ref: line(68, `stopping the following units: ${name}`),
        }),
      );
    expect(listing("microvm@demo-vm.service")).toEqual(["unrelated/system-switch"]);
    expect(listing("microvm@other-vm.service")).toEqual(["unrelated/stopped-by-hand"]);
  });

  it("by an operator's command beside a switch is the operator's", () => {
    const operator = {
      kind: "operator",
      user: "admin",
      command: "/run/current-system/sw/bin/systemctl stop microvm@demo-vm.service",
      ref: line(68.9, "sudo"),
    } as const;
    const change = { kind: "switch", ref: line(30, "switching to system configuration") } as const;
    expect(told(events(change, operator))).toEqual(["unrelated/stopped-by-hand"]);
    expect(told(events(change))).toEqual(["unrelated/system-switch"]);
  });

  it("with the host itself is nobody's", () => {
    const [boot] = hostJournal().boots;
    if (boot === undefined) throw new Error("the literal journal has a boot");
    const boots = [
      { ...boot, last: line(75, "").time },
      { ...boot, id: bootId("c".repeat(32)), first: line(80, "").time },
    ];
    expect(told({ hostJournal: hostJournal({ boots }) })).toEqual([]);
  });
});
