import { execa } from "execa";
import { describe, expect, it } from "vitest";
import type { EvidenceMap } from "../../src/evidence/evidence.ts";
import type { Invocation } from "../../src/evidence/journal.ts";
import type { MacDenial } from "../../src/evidence/kernel-log.ts";
import type { FileStat } from "../../src/evidence/reference.ts";
import type { PathComponent, PathWalk } from "../../src/evidence/secret-files.ts";
import type { SandboxSetting, VmUnit } from "../../src/evidence/unit.ts";
import { rootCausesOf } from "../../src/diagnosis/causes.ts";
import type { UnweighedFinding } from "../../src/diagnosis/finding.ts";
import { hostPath, micros, unitName } from "../../src/vocabulary.ts";
import {
  credential,
  denied,
  directory,
  hostJournal,
  identity,
  line,
  link,
  readOf,
  runner,
  secretFiles,
  start,
  state,
  store,
  unit,
  vmJournal,
  walkTo,
} from "../support/literals.ts";
import { judged } from "../support/judged.ts";
import { requireTools } from "../support/requirements.ts";

const KEY = "/run/secrets/vm/api-key";
const RUNNER = store("microvm-qemu-demo-vm");
const SECOND = 1_000_000;
const BEGIN = line(0, "begin").time;
const at = (seconds: number) => micros(BEGIN + seconds * SECOND);

/** A loop of four refused reads, in a host whose times can be believed. */
const loop = (says: Parameters<typeof denied>[0] | undefined = KEY): readonly Invocation[] =>
  [10, 17, 24, 31].map((second) =>
    start(second, { lives: 1, says: says === undefined ? [] : [denied(says)] }),
  );
const missing = (path = KEY): readonly Invocation[] =>
  [10, 17, 24, 31].map((second) =>
    start(second, { lives: 1, says: [{ kind: "no-such-file", path: hostPath(path) }] }),
  );

const host = (more: Partial<EvidenceMap> = {}): Partial<EvidenceMap> => ({
  identity,
  hostJournal: hostJournal(),
  vmJournal: vmJournal(loop()),
  state: state({ current: link("current", RUNNER) }),
  runners: { current: runner({ reads: [readOf(KEY)] }) },
  unit: unit(),
  secretFiles: secretFiles(walkTo(KEY)),
  ...more,
});

const causes = (more: Partial<EvidenceMap>): readonly string[] => rootCausesOf(judged(host(more)));
const finding = (more: Partial<EvidenceMap>, id: string): UnweighedFinding | undefined =>
  judged(host(more)).find((one) => one.id === id);

const readable = (more: Partial<FileStat> = {}): PathWalk => walkTo(KEY, { mode: 0o444, ...more });

/** Components as a walk over symlinks meets them. */
const walkOver = (
  path: string,
  ...parts: readonly (readonly [string, Partial<FileStat>, string?])[]
): PathWalk => {
  const components = parts.map(([own, stat, target], index): PathComponent => ({
    path: hostPath(own),
    stat: {
      ...directory({ type: index === parts.length - 1 ? "file" : "directory", ...stat }),
      ...(target === undefined ? {} : { type: "symlink", target }),
    },
  }));
  const file = components.at(-1);
  if (file === undefined) throw new Error("a walk has components");
  const own = { ...file, stat: { ...file.stat, size: 44 } };
  return {
    path: hostPath(path),
    components: [...components.slice(0, -1), own],
    end: "present",
    file: own,
    ref: { kind: "file", path: own.path, stat: own.stat },
  };
};

const sandboxed = (...settings: readonly (readonly [key: string, value: string])[]): VmUnit =>
  unit({
    sandbox: settings.map(([key, value], index): SandboxSetting => ({
      key,
      value,
      ref: {
        kind: "file",
        path: hostPath("/etc/systemd/system/microvm@demo-vm.service.d/hardening.conf"),
        line: index + 2,
        text: `${key}=${value}`,
      },
    })),
  });

describe("the directory that refuses is named, and not the file behind it", () => {
  it("agenix before 0751: the mount point is for root and the group keys (O001)", () => {
    const path = "/run/agenix/api-key";
    const walk = walkOver(
      path,
      ["/", {}],
      ["/run", {}],
      ["/run/agenix", {}, "/run/agenix.d/1"],
      ["/run/agenix.d", { mode: 0o750, gid: 96 }],
      ["/run/agenix.d/1", { mode: 0o750, gid: 96 }],
      ["/run/agenix.d/1/api-key", { mode: 0o400, uid: 986 }],
    );
    const evidence = {
      runners: { current: runner({ reads: [readOf(path)] }) },
      vmJournal: vmJournal(loop(path)),
      secretFiles: secretFiles(walk),
    };
    expect(causes(evidence)).toEqual(["access/parent-directory"]);
    expect(finding(evidence, "access/parent-directory")).toMatchObject({
      certainty: "proven",
      subject: { path: "/run/agenix.d", secret: path, mode: "0750", gid: 96 },
    });
    const keys = { value: "keys", ref: unit().fragment };
    const groups = new Map([...identity.groups, ["keys", { name: "keys", gid: 96, members: [] }]]);
    expect(
      causes({
        ...evidence,
        identity: { ...identity, groups },
        unit: unit({ supplementaryGroups: [keys] }),
      }),
    ).not.toContain("access/parent-directory");
  });

  it("sops-nix: one generation is tighter than the rest (O002)", () => {
    const path = "/run/secrets/vm/api-key";
    const walk = walkOver(
      path,
      ["/", {}],
      ["/run", {}],
      ["/run/secrets", {}, "/run/secrets.d/31"],
      ["/run/secrets.d", { mode: 0o751, gid: 96 }],
      ["/run/secrets.d/31", { mode: 0o700, gid: 96 }],
      ["/run/secrets.d/31/vm", { mode: 0o751, gid: 96 }],
      ["/run/secrets.d/31/vm/api-key", { mode: 0o400, uid: 986 }],
    );
    const found = finding({ secretFiles: secretFiles(walk) }, "access/parent-directory");
    expect(found?.subject).toMatchObject({ path: "/run/secrets.d/31", mode: "0700" });
    expect(causes({ secretFiles: secretFiles(walk) })).toEqual(["access/parent-directory"]);
  });

  it.each([
    ["the file's own mode", { mode: 0o000 }, {}, "access/file-mode", KEY],
    [
      "a directory in front of a file for all",
      { mode: 0o644 },
      { "/run/secrets/vm": directory({ mode: 0o700 }) },
      "access/parent-directory",
      "/run/secrets/vm",
    ],
  ] as const)("QEMU says the same for both: it is %s (O008)", (_, stat, above, id, path) => {
    const evidence = {
      runners: {
        current: runner({
          channels: [
            { kind: "fw-cfg-file", name: "API_KEY", path: hostPath(KEY), ref: readOf(KEY).ref },
          ],
        }),
      },
      secretFiles: secretFiles(walkTo(KEY, stat, above)),
    };
    expect(causes(evidence)).toEqual([id]);
    expect(finding(evidence, id)).toMatchObject({ certainty: "proven", subject: { path } });
    expect(finding(evidence, id)?.explanation).toContain("as microvm (uid 986)");
  });

  it("a symlink's directory refuses although the target would let the reader in (O009)", () => {
    const path = "/var/lib/web/.config/api-key";
    const parts = (home: Partial<FileStat>, target: Partial<FileStat>) =>
      walkOver(
        path,
        ["/", {}],
        ["/var", {}],
        ["/var/lib", {}],
        ["/var/lib/web", { uid: 986 }],
        ["/var/lib/web/.config", home],
        ["/var/lib/web/.config/api-key", {}, "/run/secrets.d/4/api-key"],
        ["/run", {}],
        ["/run/secrets.d", { mode: 0o751 }],
        ["/run/secrets.d/4", target],
        ["/run/secrets.d/4/api-key", { mode: 0o400, uid: 986 }],
      );
    const found = (walk: PathWalk) =>
      finding(
        {
          runners: { current: runner({ reads: [readOf(path)] }) },
          vmJournal: vmJournal(loop(path)),
          secretFiles: secretFiles(walk),
        },
        "access/parent-directory",
      )?.subject["path"];
    expect(found(parts({ mode: 0o700 }, { mode: 0o751 }))).toBe("/var/lib/web/.config");
    expect(found(parts({ uid: 986, mode: 0o700 }, { mode: 0o750 }))).toBe("/run/secrets.d/4");
    expect(found(parts({ uid: 986, mode: 0o700 }, { mode: 0o751 }))).toBeUndefined();
  });

  it("/run/keys was tightened and the key in it was not (O070)", () => {
    const path = "/run/keys/db-password";
    const walk = walkTo(
      path,
      { mode: 0o440, gid: 302 },
      { "/run/keys": directory({ mode: 0o750, gid: 96 }) },
    );
    expect(
      causes({
        runners: { current: runner({ reads: [readOf(path)] }) },
        vmJournal: vmJournal(loop(path)),
        secretFiles: secretFiles(walk),
      }),
    ).toEqual(["access/parent-directory"]);
  });

  it("one directory before three secrets is one finding", () => {
    const paths = ["a-key", "b-key", "c-key"].map((name) => `/run/secrets/vm/${name}`);
    const shut = { "/run/secrets": directory({ mode: 0o700 }) };
    const found = judged(
      host({
        runners: { current: runner({ reads: paths.map((path) => readOf(path)) }) },
        vmJournal: vmJournal([]),
        secretFiles: secretFiles(...paths.map((path) => walkTo(path, { mode: 0o444 }, shut))),
      }),
    ).filter(({ id }) => id === "access/parent-directory");
    expect(found).toHaveLength(1);
    expect(found[0]?.scope.secrets).toEqual(["a-key", "b-key", "c-key"]);
  });

  it("a sticky directory for all protects its symlinks, where the kernel was asked so", () => {
    const path = "/tmp/api-key";
    const walk = walkOver(
      path,
      ["/", {}],
      ["/tmp", { mode: 0o1777 }],
      ["/tmp/api-key", { uid: 1000 }, "/srv/api-key"],
      ["/srv", {}],
      ["/srv/api-key", { mode: 0o444 }],
    );
    const components = walk.components.map((one) =>
      one.stat.type === "symlink" ? { ...one, trailing: true as const } : one,
    );
    const of = (protectedSymlinks: boolean) =>
      finding(
        {
          runners: { current: runner({ reads: [readOf(path)] }) },
          secretFiles: { ...secretFiles({ ...walk, components }), protectedSymlinks },
          vmJournal: vmJournal([]),
        },
        "access/parent-directory",
      )?.subject["path"];
    expect(of(true)).toBe("/tmp/api-key");
    expect(of(false)).toBeUndefined();
  });
});

describe("who reads differs by channel", () => {
  const shared = (protocol: "9p" | "virtiofs", more: Partial<VmUnit> = {}) => ({
    runners: {
      current: runner({
        channels: [
          {
            kind: "share" as const,
            protocol,
            path: hostPath("/run/secrets/vm"),
            ref: readOf(KEY).ref,
          },
        ],
      }),
    },
    vmJournal: vmJournal([start(10)]),
    unit: unit({
      credentials: [credential("api-key", KEY)],
      shareServer: {
        name: unitName("microvm-virtiofsd@demo-vm.service"),
        user: undefined,
        group: undefined,
        supplementaryGroups: [],
        execStart: [],
        sandbox: [],
      },
      ...more,
    }),
  });
  const ids = (more: Partial<EvidenceMap>): readonly string[] =>
    judged(host(more))
      .filter(({ id }) => id.startsWith("access/"))
      .map(({ id }) => id);

  it("QEMU serves a 9p share as the unit's user", () => {
    expect(ids(shared("9p"))).toEqual(["access/file-mode"]);
    expect(ids({ ...shared("9p"), secretFiles: secretFiles(readable()) })).toEqual([]);
  });

  it("a 9p share of a directory that may be passed and not listed is refused at the directory", () => {
    const path = "/run/secrets/vm";
    const walk = (mode: number): PathWalk => walkTo(path, { ...directory({ mode }), size: 0 });
    const found = (mode: number) =>
      judged(host({ ...shared("9p"), secretFiles: secretFiles(walk(mode)) }))
        .filter(({ id }) => id.startsWith("access/"))
        .map(({ id, subject }) => [id, subject["path"]]);
    expect(found(0o751)).toEqual([["access/file-mode", path]]);
    expect(found(0o750)).toEqual([["access/parent-directory", path]]);
    expect(found(0o755)).toEqual([]);
  });

  it("virtiofsd reads as root, unless its own unit names a user", () => {
    const { shareServer } = shared("virtiofs").unit;
    if (shareServer === undefined) throw new Error("there is a unit for virtiofsd");
    expect(ids(shared("virtiofs"))).toEqual([]);
    const user = { value: "microvm", ref: unit().fragment };
    const found = ids(shared("virtiofs", { shareServer: { ...shareServer, user } }));
    expect(found).toEqual(["access/file-mode"]);
  });

  it("systemd reads as root for LoadCredential= and no mode stops it", () => {
    const loaded = {
      runners: {
        current: runner({
          credentialsDirectory: { ids: ["api-key"], errorSwallowed: false, ref: readOf(KEY).ref },
        }),
      },
      unit: unit({ credentials: [credential("api-key", KEY)] }),
      vmJournal: vmJournal([start(10)]),
    };
    expect(ids(loaded)).toEqual([]);
    const both = { ...loaded, runners: { current: runner({ reads: [readOf(KEY)] }) } };
    expect(finding(both, "access/file-mode")?.explanation).toContain(
      "systemd reads the same file for LoadCredential= api-key as root",
    );
  });

  it("root without its capabilities is a user like others", () => {
    const asRoot = (...settings: readonly (readonly [string, string])[]) =>
      ids({
        unit: { ...sandboxed(...settings), user: undefined, group: undefined },
        secretFiles: secretFiles(walkTo(KEY, { uid: 1000 })),
        vmJournal: vmJournal([]),
      });
    expect(asRoot()).toEqual([]);
    expect(asRoot(["CapabilityBoundingSet", ""])).toEqual(["access/file-mode"]);
    expect(asRoot(["CapabilityBoundingSet", "~CAP_DAC_OVERRIDE"])).toEqual([]);
    expect(asRoot(["CapabilityBoundingSet", "~cap_dac_override CAP_DAC_READ_SEARCH"])).toEqual([
      "access/file-mode",
    ]);
    expect(
      asRoot(["CapabilityBoundingSet", "CAP_CHOWN"], ["CapabilityBoundingSet", "CAP_DAC_OVERRIDE"]),
    ).toEqual([]);
  });

  it("a user with an ambient capability is let in", () => {
    const ambient = (...settings: readonly (readonly [string, string])[]) =>
      ids({ unit: sandboxed(...settings), vmJournal: vmJournal([]) });
    expect(ambient(["AmbientCapabilities", "CAP_NET_ADMIN"])).toEqual(["access/file-mode"]);
    expect(ambient(["AmbientCapabilities", "CAP_NET_ADMIN CAP_DAC_READ_SEARCH"])).toEqual([]);
    expect(
      ambient(
        ["AmbientCapabilities", "CAP_DAC_READ_SEARCH"],
        ["AmbientCapabilities", "~CAP_DAC_READ_SEARCH"],
      ),
    ).toEqual(["access/file-mode"]);
  });

  it("a command with + in front runs as root, outside of the sandbox", () => {
    const hidden = sandboxed(["TemporaryFileSystem", "/run"]);
    const execStart = [{ value: "+/run/current-system/sw/bin/microvm-run", ref: hidden.fragment }];
    expect(ids({ unit: { ...hidden, execStart }, vmJournal: vmJournal([]) })).toEqual([]);
  });
});

describe("a file that only the unit cannot see", () => {
  const hiding = (...settings: readonly (readonly [string, string])[]) => ({
    unit: sandboxed(...settings),
    vmJournal: vmJournal(missing()),
    secretFiles: secretFiles(readable()),
  });

  it("an allow-listed view without the secrets: No such file for a file that is there (O006)", () => {
    const evidence = hiding(
      ["TemporaryFileSystem", "/:ro"],
      ["BindReadOnlyPaths", "/nix/store /etc"],
    );
    expect(causes(evidence)).toEqual(["access/namespace"]);
    const found = finding(evidence, "access/namespace");
    expect(found).toMatchObject({
      certainty: "proven",
      subject: { path: KEY, setting: "TemporaryFileSystem", value: "/:ro" },
    });
    expect(found?.evidence.map(({ kind }) => kind)).toEqual(["file", "file", "journal", "file"]);
    expect(finding(evidence, "lifecycle/crash-loop")?.causedBy.map(({ id }) => id)).toEqual([
      "access/namespace",
    ]);
  });

  it("a bind mount of the secrets brings them back", () => {
    const evidence = hiding(["TemporaryFileSystem", "/:ro"], ["BindReadOnlyPaths", "/run/secrets"]);
    expect(finding(evidence, "access/namespace")).toBeUndefined();
  });

  it("closed directories say Permission denied to a user", () => {
    const evidence = {
      ...hiding(["InaccessiblePaths", "-/run/secrets"]),
      vmJournal: vmJournal(loop()),
    };
    expect(causes(evidence)).toEqual(["access/namespace"]);
    // A missing file is another story.
    expect(causes({ ...evidence, vmJournal: vmJournal(missing()) })).not.toContain(
      "access/namespace",
    );
  });

  it("what only makes a path read-only hides nothing", () => {
    const evidence = hiding(
      ["ProtectSystem", "strict"],
      ["ReadOnlyPaths", "/run"],
      ["ProtectHome", "yes"],
    );
    expect(finding(evidence, "access/namespace")).toBeUndefined();
  });

  it("a file that was made after the failure was not hidden then", () => {
    const made = readable({ mtime: at(600), birth: at(600) });
    const evidence = {
      ...hiding(["TemporaryFileSystem", "/run"]),
      secretFiles: secretFiles(made),
    };
    expect(finding(evidence, "access/namespace")).toBeUndefined();
  });

  it("what lies in a root of the unit's own is open, unless the journal misses the file", () => {
    const path = "/srv/keys/api-key";
    const evidence = (starts: readonly Invocation[]) => ({
      unit: sandboxed(["RootDirectory", "/srv/jail"]),
      runners: { current: runner({ reads: [readOf(path)] }) },
      vmJournal: vmJournal(starts),
      secretFiles: secretFiles(walkTo(path, { mode: 0o444 })),
    });
    expect(causes(evidence(missing(path)))).toEqual(["access/namespace"]);
    expect(finding(evidence([start(10)]), "access/namespace")).toBeUndefined();
  });

  it("hidden and refused: both are told, in the order in which a repair meets them", () => {
    const evidence = {
      ...hiding(["TemporaryFileSystem", "/run"]),
      secretFiles: secretFiles(walkTo(KEY)),
    };
    expect(causes(evidence)).toEqual(["access/namespace", "access/file-mode"]);
  });

  it("root in a user namespace has no rights over files of ids that it does not know", () => {
    const evidence = {
      unit: { ...sandboxed(["PrivateUsers", "yes"]), user: undefined, group: undefined },
      secretFiles: secretFiles(walkTo(KEY, { uid: 1000 })),
    };
    expect(causes(evidence)).toEqual(["access/namespace"]);
    expect(
      finding({ ...evidence, secretFiles: secretFiles(walkTo(KEY)) }, "access/file-mode"),
    ).toBeUndefined();
  });

  it("refused in a user namespace, let in by an access list on the host, and nothing changed since (O005)", () => {
    const listed = (stat: Partial<FileStat> = {}) => {
      const walk = walkTo(KEY, { mode: 0o440, ...stat });
      const acl = { users: new Map([[986, 4]]), groups: new Map(), owningGroup: 0, mask: 4 };
      const file = { path: hostPath(KEY), stat: { ...walk.components.at(-1)?.stat, ...stat }, acl };
      const components = walk.components.map((one) => (one.path === KEY ? { ...one, acl } : one));
      return {
        ...walk,
        components,
        file: { ...file, stat: components.at(-1)?.stat ?? directory() },
      };
    };
    const evidence = {
      unit: sandboxed(["PrivateUsers", "true"]),
      secretFiles: secretFiles(listed()),
    };
    expect(causes(evidence)).toEqual(["access/namespace"]);
    expect(finding(evidence, "access/namespace")?.certainty).toBe("weak");
    // Repaired since, or without such a namespace, it is a matter of a start.
    const later = { ...evidence, secretFiles: secretFiles(listed({ ctime: at(900) })) };
    expect(causes(later)).toEqual(["access/fixed-not-restarted"]);
    expect(causes({ ...evidence, unit: unit() })).toEqual(["access/fixed-not-restarted"]);
  });
});

describe("a security module", () => {
  const kernelLog = (more: Partial<MacDenial> = {}) => ({
    denials: [
      {
        module: "apparmor" as const,
        ref: line(10, 'audit: apparmor="DENIED"', { identifier: "kernel" }),
        operation: "open",
        path: hostPath(KEY),
        program: "cat",
        pid: 4711,
        label: "microvm-run",
        permitted: false,
        ...more,
      },
    ],
    kills: [],
  });
  const evidence = (more: Partial<MacDenial> = {}) => ({
    kernelLog: kernelLog(more),
    secretFiles: secretFiles(readable()),
  });

  it("refuses what the modes allow", () => {
    expect(causes(evidence())).toEqual(["access/mac-denied"]);
    expect(finding(evidence(), "access/mac-denied")).toMatchObject({
      certainty: "proven",
      subject: { path: KEY, module: "apparmor", label: "microvm-run" },
    });
  });

  it("of SELinux names the last part of the path alone", () => {
    const named = (name: string) => ({
      ...evidence(),
      kernelLog: {
        denials: kernelLog({ module: "selinux", name }).denials.map(
          ({ path: _path, ...one }) => one,
        ),
        kills: [],
      },
    });
    expect(causes(named("api-key"))).toEqual(["access/mac-denied"]);
    expect(causes(named("other"))).not.toContain("access/mac-denied");
  });

  it("is not blamed where it only complained, for another file, at another time by another process, or where a mode refuses", () => {
    const found = (more: Partial<EvidenceMap>) => finding(more, "access/mac-denied");
    expect(found(evidence({ permitted: true }))).toBeUndefined();
    expect(found(evidence({ path: hostPath("/run/secrets/vm/other") }))).toBeUndefined();
    expect(found(evidence({ ref: line(500, "later") }))).toBeUndefined();
    expect(found({ ...evidence(), secretFiles: secretFiles(walkTo(KEY)) })).toBeUndefined();
  });

  it("is blamed by its process where the program said nothing", () => {
    const first = line(10, "starting the VM", { pid: 4711 });
    const silent = { vmJournal: vmJournal([start(10, { more: { firstOutput: first } })]) };
    expect(finding({ ...evidence(), ...silent }, "access/mac-denied")?.certainty).toBe("strong");
    expect(finding({ ...evidence({ pid: 12 }), ...silent }, "access/mac-denied")).toBeUndefined();
  });

  it("can refuse systemd itself, which shows as a failed step", () => {
    const failed = start(10, {
      lives: 1,
      more: {
        spawnFailures: [{ step: "CREDENTIALS", ref: line(10, "Failed at step CREDENTIALS") }],
      },
    });
    expect(
      causes({
        ...evidence({ program: "(microvm-run)" }),
        runners: { current: runner({ reads: [] }) },
        unit: unit({ credentials: [credential("api-key", KEY)] }),
        vmJournal: vmJournal([failed]),
      }),
    ).toContain("access/mac-denied");
  });
});

describe("repaired and not started since", () => {
  const repaired = (more: Partial<FileStat> = {}) => ({
    secretFiles: secretFiles(readable(more)),
    vmJournal: vmJournal(loop()),
  });

  it("is proven by a change of the file after the refusal, and weak where nothing changed", () => {
    const certainty = (ctime: number) =>
      finding(repaired({ ctime: at(ctime) }), "access/fixed-not-restarted")?.certainty;
    expect(certainty(900)).toBe("proven");
    expect(certainty(5)).toBe("weak");
  });

  it("is told behind a start that was stopped before it came to the read, not behind one that failed otherwise", () => {
    const found = (last: Invocation) =>
      finding(
        { ...repaired(), vmJournal: vmJournal([...loop(), last]) },
        "access/fixed-not-restarted",
      );
    expect(found(start(38, { lives: 1, fails: false }))).toBeDefined();
    expect(found(start(38, { lives: 1 }))).toBeUndefined();
  });

  it("does not believe the change time of a copied tree", () => {
    const later = finding(repaired({ ctime: at(90_000) }), "access/fixed-not-restarted");
    expect(later?.certainty).toBe("strong");
  });
});

describe.skipIf(!requireTools("nix-instantiate"))("the remedies of these rules", () => {
  it.each([
    ["PrivateUsers", "yes"],
    ["InaccessiblePaths", "/run/secrets"],
    ["ProtectHome", "yes"],
    ["TemporaryFileSystem", "/home /run"],
  ] as const)("open %s=%s in words that Nix understands", async (key, value) => {
    const path = key === "ProtectHome" ? "/home/deploy/api-key" : KEY;
    const remedy = (
      finding(
        {
          unit: sandboxed([key, value]),
          runners: { current: runner({ reads: [readOf(path)] }) },
          vmJournal: vmJournal(key === "TemporaryFileSystem" ? missing(path) : loop(path)),
          secretFiles: secretFiles(walkTo(path, { mode: 0o444 })),
        },
        "access/namespace",
      )?.remedies ?? []
    ).find(({ repairs }) => repairs?.some(({ kind }) => kind === "sandbox-opened"));
    expect(await parsedByNix(remedy?.snippet)).toBe("0 ");
  });

  it("put the unit into the group that may pass", async () => {
    const groups = new Map([["keys", { name: "keys", gid: 96, members: [] }]]);
    const shut = { "/run/secrets": directory({ mode: 0o750, gid: 96 }) };
    const remedies = finding(
      {
        identity: { ...identity, groups },
        unit: unit({ group: undefined }),
        secretFiles: secretFiles(walkTo(KEY, { mode: 0o444 }, shut)),
      },
      "access/parent-directory",
    )?.remedies;
    const joined = remedies?.find(({ snippet }) => snippet.includes("SupplementaryGroups"));
    expect(joined?.snippet).toContain('[ "keys" ]');
    expect(await parsedByNix(joined?.snippet)).toBe("0 ");
  });
});

const parsedByNix = async (snippet: string | undefined): Promise<string> => {
  const { exitCode, stderr } = await execa("nix-instantiate", ["--parse", "-"], {
    input: snippet ?? "no snippet",
    reject: false,
  });
  return `${exitCode} ${stderr.replaceAll(/warning:.*\n?/gu, "")}`;
};
