import { describe, expect, it } from "vitest";
import type { EvidenceMap } from "../../src/evidence/evidence.ts";
import { hostPath, unitName } from "../../src/vocabulary.ts";
import {
  credential,
  denied,
  directory,
  holedJournal,
  numbersLost,
  hostJournal,
  identity,
  line,
  link,
  readOf,
  registrations,
  repository,
  runner,
  secretFiles,
  size,
  start,
  state,
  store,
  unit,
  vmJournal,
  walkTo,
  walkToNothing,
} from "../support/literals.ts";
import { linkAt, search } from "../support/origin-literals.ts";
import { idsOf, judged } from "../support/judged.ts";

const KEY = "/run/secrets/demo/api-key";
const RUNNER = store("microvm-qemu-demo-vm");
const OTHER = store("microvm-cloud-hypervisor-demo-vm");

/** A VM whose runner reads its secret itself and may. Tests spoil one thing each. */
const reading = (more: Partial<EvidenceMap> = {}): Partial<EvidenceMap> => ({
  identity,
  hostJournal: hostJournal(),
  vmJournal: vmJournal([start(10)]),
  state: state({ current: link("current", RUNNER) }),
  runners: { current: runner({ reads: [readOf(KEY)] }) },
  unit: unit(),
  secretFiles: secretFiles(walkTo(KEY, { mode: 0o440, gid: 302 })),
  ...more,
});
const ids = (more: Partial<EvidenceMap> = {}): readonly string[] => idsOf(judged(reading(more)));

describe("access", () => {
  it.each([
    ["by its owner", { mode: 0o400, uid: 986 }],
    ["by its group", { mode: 0o440, gid: 302 }],
    ["by everybody", { mode: 0o444 }],
  ])("a file that the reader may read %s is no fault", (_, stat) => {
    expect(ids({ secretFiles: secretFiles(walkTo(KEY, stat)) })).not.toContain("access/file-mode");
  });

  it("a file of root that only root may read refuses the runner", () => {
    expect(ids({ secretFiles: secretFiles(walkTo(KEY)) })).toContain("access/file-mode");
  });

  it("the owner's bits decide for the owner, even where the group could read", () => {
    const walk = walkTo(KEY, { mode: 0o044, uid: 986 });
    expect(ids({ secretFiles: secretFiles(walk) })).toContain("access/file-mode");
  });

  it("a runner that works as root is not refused", () => {
    const asRoot = { ...unit(), user: undefined };
    expect(ids({ unit: asRoot, secretFiles: secretFiles(walkTo(KEY)) })).not.toContain(
      "access/file-mode",
    );
  });

  it("the user that journald saw counts for more than the one that the unit names", () => {
    const refused = line(10, "cat: denied", { uid: 986 });
    const invocation = start(10, {
      lives: 1,
      more: { lines: [{ meanings: [denied(KEY)], ref: refused }] },
    });
    const found = judged(
      reading({
        unit: { ...unit(), user: undefined },
        vmJournal: vmJournal([invocation]),
        secretFiles: secretFiles(walkTo(KEY)),
      }),
    );
    expect(idsOf(found)).toContain("access/file-mode");
  });

  it("names the directory that refuses and not the file behind it", () => {
    const walk = walkTo(KEY, { mode: 0o444 }, { "/run/secrets": directory({ mode: 0o750 }) });
    const found = judged(reading({ secretFiles: secretFiles(walk) }));
    expect(idsOf(found)).toContain("access/parent-directory");
    expect(idsOf(found)).not.toContain("access/file-mode");
    expect(found.find(({ id }) => id === "access/parent-directory")?.subject["path"]).toBe(
      "/run/secrets",
    );
  });

  it("a refusal that the modes no longer explain is repaired, and the VM only has to be started", () => {
    const refused = start(10, { lives: 1, says: [denied(KEY)], restarts: false });
    const found = ids({ vmJournal: vmJournal([refused]) });
    expect(found).toContain("access/fixed-not-restarted");
    expect(found).not.toContain("access/file-mode");
  });

  it("a refusal elsewhere than at a secret is none of ours", () => {
    const refused = start(10, { lives: 1, says: [denied("/root"), denied("/dev/kvm")] });
    expect(ids({ vmJournal: vmJournal([refused]) }).join(" ")).not.toMatch(/access\//u);
  });
});

describe("source and credentials", () => {
  it("a path of the runner that is not there is told with its first missing part", () => {
    expect(ids({ secretFiles: secretFiles(walkToNothing(KEY)) })).toContain("source/path-missing");
  });

  it("where systemd is the reader, the missing credential is told and not the path", () => {
    const found = ids({
      unit: unit({ credentials: [credential("api-key", KEY)] }),
      secretFiles: secretFiles(walkToNothing(KEY)),
    });
    expect(found).toContain("credentials/source-missing");
    expect(found).not.toContain("source/path-missing");
  });

  it("a fallback by SetCredential= makes a missing source harmless", () => {
    const found = ids({
      unit: unit({
        credentials: [credential("api-key", KEY)],
        setIds: [{ value: "api-key", ref: credential("api-key").ref }],
      }),
      secretFiles: secretFiles(walkToNothing(KEY)),
    });
    expect(found).not.toContain("credentials/source-missing");
  });

  it("an empty secret is told, one with a byte is not", () => {
    const of = (bytes: number) =>
      ids({ secretFiles: secretFiles(walkTo(KEY, { size: bytes, mode: 0o444 })) });
    expect(of(0)).toContain("source/empty");
    expect(of(1)).not.toContain("source/empty");
  });

  it("credentials that the runner takes are used, the others are not", () => {
    const taking = (taken: readonly string[]) =>
      ids({
        unit: unit({ credentials: [credential("api-key", KEY)] }),
        runners: {
          current: runner({
            credentialsDirectory: { ids: taken, errorSwallowed: false, ref: readOf(KEY).ref },
          }),
        },
      });
    expect(taking(["other"])).toContain("credentials/configured-unused");
    expect(taking(["api-key"])).not.toContain("credentials/configured-unused");
    expect(taking([])).not.toContain("credentials/configured-unused");
  });
});

describe("a source that is a socket", () => {
  const SOCKET = "/run/vault/agent.sock";
  const waiting = (id: string, more: Partial<EvidenceMap>) =>
    ids({
      unit: unit({ credentials: [credential(id, SOCKET)] }),
      secretFiles: secretFiles(walkTo(SOCKET, { type: "socket", mode: 0o666 })),
      ...more,
    });
  const timedOut = (said: number) =>
    vmJournal([
      start(10, {
        lives: 90,
        restarts: false,
        more: { result: { value: "timeout", ref: line(100, "timed out") }, outputLines: said },
      }),
    ]);

  it("may let the start time out before a process of the unit speaks: credentials/timeout", () => {
    expect(waiting("api-key", { vmJournal: timedOut(0) })).toContain("credentials/timeout");
    expect(waiting("api-key", { vmJournal: timedOut(4) })).not.toContain("credentials/timeout");
    const plain = secretFiles(walkTo(SOCKET));
    expect(waiting("api-key", { vmJournal: timedOut(0), secretFiles: plain })).not.toContain(
      "credentials/timeout",
    );
  });

  it("needs a peer name below 108 bytes: credentials/systemd-bug", () => {
    const failed = vmJournal([
      start(10, {
        lives: 1,
        more: { spawnFailures: [{ step: "CREDENTIALS", ref: line(10, "Protocol error") }] },
      }),
    ]);
    const platform = {
      systemd: { text: "256.12", major: 256, ref: line(1, "systemd 256.12 running") },
      devices: {},
      hasDevices: false,
    };
    // `@` and 16 hex digits, `/unit/microvm@demo-vm.service/` of 30, and the id.
    const longest = "x".repeat(107 - 17 - 30);
    expect(waiting(`${longest}x`, { vmJournal: failed, platform })).toContain(
      "credentials/systemd-bug",
    );
    expect(waiting(longest, { vmJournal: failed, platform })).not.toContain(
      "credentials/systemd-bug",
    );
  });
});

describe("runner", () => {
  const plain = { current: runner({ notifies: true }) };

  it("a default runner is a fault only where somebody wants a secret", () => {
    expect(ids({ runners: plain })).not.toContain("runner/no-secret-path");
    const wanting = unit({ credentials: [credential("api-key", KEY)] });
    expect(ids({ runners: plain, unit: wanting })).toContain("runner/no-secret-path");
    const missing = start(10, { says: [size("API_KEY", 0)] });
    expect(ids({ runners: plain, vmJournal: vmJournal([missing]) })).toContain(
      "runner/no-secret-path",
    );
  });

  it("the 0 bytes of the guest are its consequence", () => {
    const found = judged(
      reading({
        runners: plain,
        vmJournal: vmJournal([start(10, { says: [size("API_KEY", 0)] })]),
      }),
    );
    const report = found.find(({ id }) => id === "guest/empty-credential");
    expect(report?.causedBy.map(({ id }) => id)).toEqual(["runner/no-secret-path"]);
    expect(report?.role).toBe("consequence");
  });

  it("no link, a dangling link and a directory without a script each leave nothing to run", () => {
    const dangling = { ...link("current", RUNNER), end: "dangling" as const };
    for (const links of [{}, { current: dangling }, { current: link("current", RUNNER) }]) {
      expect(ids({ state: state(links), runners: {} })).toContain("runner/missing");
    }
    expect(ids()).not.toContain("runner/missing");
  });

  it("current is stale where the newest generation installs another runner", () => {
    const generation = {
      number: 3,
      link: readOf(KEY).ref,
      runner: OTHER,
      installer: readOf(KEY).ref,
      frozen: false,
    };
    const generations = {
      list: [generation],
      profile: hostPath("/nix/var/nix/profiles/system"),
      newest: 3,
    };
    expect(ids({ generations })).toContain("runner/stale-current");
    const same = { ...generations, list: [{ ...generation, runner: RUNNER }] };
    expect(ids({ generations: same })).not.toContain("runner/stale-current");
  });

  it("a running VM on an older runner is told, a relink to the same one is not", () => {
    const booted = (target: typeof RUNNER) =>
      judged(
        reading({
          state: state({ current: link("current", RUNNER), booted: link("booted", target) }),
        }),
      ).find(({ id }) => id === "runner/stale-booted");
    expect(booted(OTHER)?.role).toBe("root-cause");
    expect(booted(RUNNER)).toBeUndefined();
  });

  it("a secret that the script opens as the unit's user goes past systemd, one that root opens does not", () => {
    expect(ids()).toContain("runner/reads-secret-directly");
    expect(ids({ unit: { ...unit(), user: undefined } })).not.toContain(
      "runner/reads-secret-directly",
    );
    expect(ids({ runners: plain })).not.toContain("runner/reads-secret-directly");
  });

  it("a swallowed error is a fault only where the read fails", () => {
    const swallowing = { current: runner({ reads: [readOf(KEY, true)] }) };
    expect(ids({ runners: swallowing })).not.toContain("runner/swallowed-read-error");
    expect(ids({ runners: swallowing, secretFiles: secretFiles(walkTo(KEY)) })).toContain(
      "runner/swallowed-read-error",
    );
    expect(ids({ secretFiles: secretFiles(walkTo(KEY)) })).not.toContain(
      "runner/swallowed-read-error",
    );
  });

  const orphan = (referrers: readonly (typeof RUNNER)[]) => ({
    runners: [
      {
        path: OTHER,
        runner: runner({ directory: OTHER, reads: [readOf(KEY)] }),
        ref: readOf(KEY).ref,
        object: { path: OTHER, references: [], referrers },
        valid: true,
        roots: [],
      },
    ],
    rootsSeen: 3,
    queries: [],
  });

  it("a built runner that nothing references was discarded, one in a closure was not", () => {
    const wanting = unit({ credentials: [credential("api-key", KEY)] });
    expect(ids({ runners: plain, unit: wanting, store: orphan([]) })).toContain(
      "runner/override-discarded",
    );
    expect(ids({ runners: plain, unit: wanting, store: orphan([RUNNER]) })).not.toContain(
      "runner/override-discarded",
    );
  });

  it("a declared microvm-run is discarded where its file names this VM and the runner has no way for a secret", () => {
    const wanting = unit({ credentials: [credential("api-key", KEY)] });
    const empty = { runners: [], rootsSeen: 0, queries: [] };
    const declared = (file: string, script = "microvm-run") => ({
      runners: plain,
      unit: wanting,
      store: empty,
      configurationRepository: repository({
        searches: [
          search("vm", "demo-vm", { head: ["vm.nix"] }),
          search("customisation", "binScripts", { head: [file] }),
          search("customisation", script, { head: [file] }),
        ],
      }),
    });
    expect(ids(declared("vm.nix"))).toContain("runner/override-discarded");
    expect(ids(declared("other.nix"))).not.toContain("runner/override-discarded");
    expect(ids(declared("vm.nix", "preStart"))).not.toContain("runner/override-discarded");
    expect(ids({ ...declared("vm.nix"), unit: unit() })).not.toContain("runner/override-discarded");
    const itself = { current: runner({ reads: [readOf(KEY)] }) };
    expect(ids({ ...declared("vm.nix"), runners: itself })).not.toContain(
      "runner/override-discarded",
    );
  });

  it("a stranger that came into the store after a phase is not its runner", () => {
    const orphaned = orphan([]);
    const evidence = (at: number) =>
      judged(
        reading({
          vmJournal: vmJournal([
            ...[10, 17, 24, 31].map((time) => start(time, { lives: 1, says: [denied(KEY)] })),
            start(900),
          ]),
          state: state({
            current: {
              ...link("current", RUNNER),
              hops: [linkAt("/var/lib/microvms/demo-vm/current", RUNNER, 800)],
            },
          }),
          generations: { list: [], profile: hostPath("/nix/var/nix/profiles/system") },
          store: {
            ...orphaned,
            runners: orphaned.runners.map((one) => ({
              ...one,
              runner: runner({ reads: [readOf(KEY)] }),
            })),
          },
          registrations: registrations(...orphaned.runners.map(({ path }) => [path, at] as const)),
        }),
      ).find(({ id, scope }) => id === "runner/unknown-origin" && scope.phase === 1)?.title;
    expect(evidence(5)).toContain("comes from nowhere");
    expect(evidence(500)).toContain("is not known");
  });

  it("a runner in force that nothing explains is of unknown origin, one with a root is not", () => {
    const evidence = (roots: readonly ReturnType<typeof readOf>["ref"][]) => ({
      state: state({ current: link("current", OTHER) }),
      generations: { list: [], profile: hostPath("/nix/var/nix/profiles/system") },
      store: { ...orphan([]), runners: orphan([]).runners.map((one) => ({ ...one, roots })) },
    });
    expect(ids(evidence([]))).toContain("runner/unknown-origin");
    expect(ids(evidence([readOf(KEY).ref]))).not.toContain("runner/unknown-origin");
  });
});

describe("guest", () => {
  it("a shell that cannot open the file tells absent from empty", () => {
    const absent = start(10, {
      says: [size("API_KEY", 0), { kind: "credential-file-missing", name: "API_KEY" }],
    });
    const found = ids({ vmJournal: vmJournal([absent]) });
    expect(found).toContain("guest/absent-credential");
    expect(found).not.toContain("guest/empty-credential");
  });

  it("the newest word of a guest counts", () => {
    const late = start(10, { says: [size("API_KEY", 0), size("API_KEY", 44)] });
    expect(ids({ vmJournal: vmJournal([late]) })).not.toContain("guest/empty-credential");
  });
});

describe("lifecycle and unrelated", () => {
  const loop = (count: number) =>
    vmJournal(Array.from({ length: count }, (_, index) => start(10 + 7 * index, { lives: 1 })));

  it("four failed starts in a row are a loop, three are not", () => {
    expect(ids({ vmJournal: loop(3) })).not.toContain("lifecycle/crash-loop");
    expect(ids({ vmJournal: loop(4) })).toContain("lifecycle/crash-loop");
  });

  it("a loop has the period, the count and both ends", () => {
    const found = judged(reading({ vmJournal: loop(12) }));
    expect(found.find(({ id }) => id === "lifecycle/crash-loop")?.subject).toMatchObject({
      period: 7,
      count: 12,
    });
  });

  it("never started is said of failures only, and not across a hole", () => {
    expect(ids({ vmJournal: loop(2) })).toContain("lifecycle/never-started");
    for (const holed of [holedJournal(), numbersLost()])
      expect(ids({ vmJournal: loop(2), hostJournal: holed })).not.toContain(
        "lifecycle/never-started",
      );
    const stopped = start(10, { lives: 5, fails: false });
    expect(ids({ vmJournal: vmJournal([stopped]) })).not.toContain("lifecycle/never-started");
    const others = [start(30, { lives: 1 }), start(50, { lives: 5, fails: false })];
    expect(ids({ vmJournal: vmJournal([stopped, ...others]) })).not.toContain(
      "lifecycle/never-started",
    );
  });

  const OWN = unitName("microvm@demo-vm.service");

  it("a skipped start is a fault until a later one goes through", () => {
    const skipped = [{ unit: OWN, ref: line(5, "was skipped") }];
    const severity = (journal: ReturnType<typeof vmJournal>) =>
      judged(reading({ vmJournal: journal })).find(({ id }) => id === "lifecycle/condition-skipped")
        ?.severity;
    expect(severity(vmJournal([], { skipped }))).toBe("error");
    expect(severity(vmJournal([start(10)], { skipped }))).toBe("info");
  });

  it("a start limit on a helper is told once, as the limit", () => {
    const helper = unitName("microvm-set-booted@demo-vm.service");
    const journal = vmJournal([], {
      helpers: [start(9, { lives: 1, more: { unit: helper } })],
      limits: [{ unit: helper, ref: line(10, "Start request repeated too quickly.") }],
      failedJobs: [{ unit: OWN, result: "dependency", ref: line(10, "Dependency failed") }],
    });
    const found = ids({ vmJournal: journal });
    expect(found).toContain("lifecycle/start-limit");
    expect(found).not.toContain("unrelated/other-unit");
  });

  it("a helper that failed by itself is what keeps the VM down", () => {
    const helper = unitName("microvm-virtiofsd@demo-vm.service");
    const journal = vmJournal([], {
      helpers: [start(9, { lives: 1, more: { unit: helper } })],
      failedJobs: [{ unit: OWN, result: "dependency", ref: line(10, "Dependency failed") }],
    });
    const found = judged(reading({ vmJournal: journal }));
    expect(found.find(({ id }) => id === "unrelated/other-unit")).toMatchObject({
      role: "root-cause",
      subject: { unit: helper },
    });
  });

  it("a stop by hand is a note and no fault", () => {
    const stopped = start(10, { lives: 60, fails: false });
    const journal = vmJournal([stopped], {
      stops: [{ unit: OWN, ref: line(70, "Stopped MicroVM 'demo-vm'.") }],
    });
    const found = judged(reading({ vmJournal: journal }));
    expect(found.find(({ id }) => id === "unrelated/stopped-by-hand")).toMatchObject({
      role: "note",
      severity: "info",
    });
  });
});

describe("the reader's own rights", () => {
  it("a journal that is shown in part is told as unrelated/reader-privilege, a whole one is not", () => {
    const partial = hostJournal({ partial: "only a part of the journal may be read" });
    const found = judged(reading({ hostJournal: partial }));
    expect(found.find(({ id }) => id === "unrelated/reader-privilege")).toMatchObject({
      role: "note",
      severity: "info",
    });
    expect(ids()).not.toContain("unrelated/reader-privilege");
  });
});

describe("an edge between findings", () => {
  it("needs a start that both share", () => {
    const found = (says: boolean) =>
      judged(
        reading({
          secretFiles: secretFiles(walkTo(KEY)),
          vmJournal: vmJournal(
            Array.from({ length: 5 }, (_, index) =>
              start(10 + 7 * index, { lives: 1, says: says ? [denied(KEY)] : [] }),
            ),
          ),
        }),
      ).find(({ id }) => id === "lifecycle/crash-loop")?.causedBy;
    expect(found(true)?.map(({ id }) => id)).toEqual(["access/file-mode"]);
    expect(found(false)).toEqual([]);
  });
});

describe("evidence that is taken away", () => {
  it("never turns a fault into health: what remains is found or nothing is said", () => {
    const whole = reading({ secretFiles: secretFiles(walkTo(KEY)) });
    expect(idsOf(judged(whole))).toContain("access/file-mode");
    for (const key of ["secretFiles", "vmJournal", "unit", "identity"] as const) {
      const { [key]: _gone, ...rest } = whole;
      const found = idsOf(judged(rest));
      expect(found.filter((id) => !idsOf(judged(whole)).includes(id))).toEqual([]);
    }
  });
});
