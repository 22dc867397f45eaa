import { describe, expect, it } from "vitest";
import type { EvidenceMap } from "../../src/evidence/evidence.ts";
import type { Flavour } from "../../src/evidence/state-directory.ts";
import type { Generation, Generations } from "../../src/evidence/store.ts";
import { hostPath, unitName, type StorePath } from "../../src/vocabulary.ts";
import { idsOf, judged } from "../support/judged.ts";
import {
  credential,
  hostJournal,
  identity,
  line,
  link,
  quietHost,
  readOf,
  runner,
  size,
  start,
  state,
  store,
  unit,
  vmJournal,
  walkToNothing,
  secretFiles,
} from "../support/literals.ts";

const KEY = "/run/secrets/demo/api-key";
const OLD = store("microvm-qemu-demo-vm");
const NEW = store("microvm-cloud-hypervisor-demo-vm");
const SYSTEM = store("nixos-system-host-25.05");
const NEXT = store("nixos-system-host-25.11");
const file = readOf(KEY).ref;

const generation = (
  number: number,
  toplevel: StorePath,
  installed: StorePath | undefined,
  more: Partial<Generation> = {},
): Generation => ({
  number,
  link: file,
  toplevel,
  frozen: false,
  ...(installed === undefined ? {} : { runner: installed, installer: file }),
  ...more,
});

const generations = (list: readonly Generation[], running: StorePath): Generations => ({
  list,
  profile: hostPath("/nix/var/nix/profiles/system"),
  running: { toplevel: running, ref: file },
  ...(list.at(-1) === undefined ? {} : { newest: list.at(-1)?.number ?? 0 }),
});

/** A VM that wants a secret, whose runner in force has no way for it. */
const wanting = (more: Partial<EvidenceMap> = {}): Partial<EvidenceMap> => ({
  identity,
  hostJournal: hostJournal(),
  vmJournal: vmJournal([start(10, { says: [size("API_KEY", 0)] })]),
  state: state({ current: link("current", OLD) }),
  runners: { current: runner() },
  unit: unit({ credentials: [credential("api-key", KEY)] }),
  ...more,
});
/** One that runs and wants none. */
const well = (more: Partial<EvidenceMap> = {}): Partial<EvidenceMap> => ({
  ...wanting(),
  vmJournal: vmJournal([start(10)]),
  unit: unit(),
  ...more,
});
const stored = (reads: boolean): EvidenceMap["store"] => ({
  runners: [
    {
      path: NEW,
      runner: runner({ directory: NEW, reads: reads ? [readOf(KEY)] : [] }),
      ref: file,
      roots: [],
    },
  ],
  rootsSeen: 0,
  queries: [],
});
const findingIn = (evidence: Partial<EvidenceMap>, id: string) =>
  judged(evidence).find((finding) => finding.id === id);

describe("a newer generation that is not the running one", () => {
  const pending = generations([generation(7, SYSTEM, OLD), generation(8, NEXT, NEW)], SYSTEM);

  it("explains a missing way where its runner would have one, and only there", () => {
    const wanted = wanting({ generations: pending, store: stored(true) });
    expect(findingIn(wanted, "runner/not-deployed")?.role).toBe("root-cause");
    expect(findingIn(wanted, "runner/no-secret-path")?.causedBy.map(({ id }) => id)).toContain(
      "runner/not-deployed",
    );
    const without = wanting({ generations: pending, store: stored(false) });
    expect(findingIn(without, "runner/no-secret-path")?.role).toBe("root-cause");
  });

  it("is a note beside a VM that does well, and no stale link", () => {
    const evidence = well({ generations: pending });
    expect(findingIn(evidence, "runner/not-deployed")?.role).toBe("note");
    expect(idsOf(judged(evidence))).not.toContain("runner/stale-current");
  });

  it("counts where the unit alone is another one", () => {
    const units = (next: string) =>
      idsOf(
        judged(
          well({
            generations: generations(
              [
                generation(7, SYSTEM, OLD, { unit: "overrides.conf a" }),
                generation(8, NEXT, OLD, { unit: next }),
              ],
              SYSTEM,
            ),
          }),
        ),
      );
    expect(units("overrides.conf b")).toContain("runner/not-deployed");
    expect(units("overrides.conf a")).not.toContain("runner/not-deployed");
  });

  it("tells that the switch to it failed", () => {
    const failed = {
      kind: "switch-failed",
      toplevel: NEXT,
      ref: line(60, "switching to system configuration failed (status 4)"),
    } as const;
    const evidence = well({
      generations: pending,
      hostJournal: hostJournal({ events: [failed] }),
    });
    expect(findingIn(evidence, "runner/not-deployed")).toMatchObject({ severity: "warning" });
    expect(findingIn(evidence, "runner/not-deployed")?.explanation).toContain("failed at");
  });
});

describe("a link that is not the runner of the generation in force", () => {
  const at = (seconds: number) => {
    const [hop] = link("current", OLD).hops;
    if (hop.stat === undefined) throw new Error("the literal link has a stat");
    return { ...hop, stat: { ...hop.stat, mtime: line(seconds, "").time } };
  };
  /** The generation was made 100 seconds after the journal's beginning. */
  const frozen = (reference: string, linkedAt: number, more: Partial<EvidenceMap> = {}) =>
    findingIn(
      well({
        ...more,
        state: {
          ...state({ current: { ...link("current", OLD), hops: [at(linkedAt)] } }),
          flavour: "flake-frozen",
          flake: { reference, ref: file },
        },
        generations: generations(
          [generation(7, SYSTEM, NEW, { frozen: true, link: at(100) })],
          SYSTEM,
        ),
      }),
      "runner/stale-current",
    );

  it("is a fault where the flake file names a copy in the store: nobody can update that", () => {
    expect(frozen("/nix/store/00000000000000000000000000000000-source", 50)?.role).toBe(
      "root-cause",
    );
  });

  it("is by design with a flake that somebody updates by hand", () => {
    expect(frozen("git+https://git.example.org/vms", 50)?.role).toBe("contributing");
    expect(frozen("git+https://git.example.org/vms", 200)).toBeUndefined();
  });

  it("is a fault all the same where it costs the VM its secret", () => {
    const costs = { ...wanting(), store: stored(true) };
    expect(frozen("git+https://git.example.org/vms", 50, costs)?.role).toBe("root-cause");
  });
});

describe("a runner from before the scheme of the host's module", () => {
  const absent = { kind: "file", path: hostPath("/x/bin/tap-up"), absent: true } as const;
  const needs: EvidenceMap["runnerNeeds"] = {
    volumes: [],
    interfaces: [{ name: "vm-demo", type: "tap", ref: file, program: absent }],
  };
  const failing = [start(10, { lives: 1, says: [{ kind: "vmm-error", about: "tap" }] })];
  const skipped = [
    { unit: unitName("microvm-tap-interfaces@demo-vm.service"), ref: line(9, "was skipped") },
  ];

  it("is what keeps the interface away where its helper was skipped", () => {
    const evidence = well({ runnerNeeds: needs, vmJournal: vmJournal(failing, { skipped }) });
    expect(findingIn(evidence, "runner/stale-current")?.role).toBe("root-cause");
    expect(findingIn(evidence, "unrelated/tap")?.role).toBe("consequence");
  });

  it("is none where nothing was skipped, or the runner declares no interface", () => {
    const unskipped = well({ runnerNeeds: needs, vmJournal: vmJournal(failing) });
    expect(idsOf(judged(unskipped))).not.toContain("runner/stale-current");
    const undeclared = well({
      runnerNeeds: quietHost.runnerNeeds,
      vmJournal: vmJournal(failing, { skipped }),
    });
    expect(idsOf(judged(undeclared))).not.toContain("runner/stale-current");
  });
});

describe("a VM that the configuration dropped", () => {
  const dropped = generations([generation(7, SYSTEM, OLD), generation(8, NEXT, undefined)], NEXT);
  const orphan = (more: Partial<EvidenceMap>, flavour: Flavour = "declarative") =>
    findingIn(
      well({
        generations: dropped,
        state: { ...state({ current: link("current", OLD) }), flavour },
        ...more,
      }),
      "runner/orphan-vm",
    )?.severity;

  it("weighs as much as it is missed", () => {
    expect(orphan({})).toBe("warning");
    expect(orphan({ vmJournal: vmJournal([start(10, { lives: 1 })]) })).toBe("error");
    expect(orphan({ vmJournal: vmJournal([]) })).toBe("info");
  });

  it("is one that a generation installed, whatever its flake file says", () => {
    expect(orphan({}, "flake")).toBe("warning");
    expect(orphan({}, "imperative")).toBeUndefined();
    expect(orphan({}, "deployed")).toBeUndefined();
  });
});

describe("what the runner names in the store", () => {
  const GONE = "/nix/store/00000000000000000000000000000000-image/disk.raw";
  const says = [{ kind: "no-such-file", path: hostPath(GONE), program: "microvm" } as const];
  const starts = [start(10, { lives: 1, says }), start(16, { lives: 1, says })];
  const evidence = (walks: EvidenceMap["secretFiles"]) =>
    idsOf(
      judged(well({ vmJournal: vmJournal(starts), secretFiles: walks })).filter(
        ({ role }) => role === "root-cause",
      ),
    );

  it("and is gone, leaves nothing to run; what is still there does not", () => {
    expect(evidence(secretFiles(walkToNothing(GONE)))).toEqual(["runner/missing"]);
    expect(evidence(secretFiles())).toEqual([]);
  });
});

describe("a booted link that leads to nothing", () => {
  const booted = (running: boolean) =>
    findingIn(
      well({
        state: state({
          current: link("current", OLD),
          booted: { ...link("booted", OLD), end: "dangling" },
        }),
        vmJournal: vmJournal([start(10, running ? {} : { lives: 60, fails: false })]),
      }),
      "runner/lifecycle",
    )?.role;

  it("matters to the next stop of a VM that runs", () => {
    expect(booted(true)).toBe("contributing");
    expect(booted(false)).toBeUndefined();
  });
});
