import { execa } from "execa";
import { describe, expect, it } from "vitest";
import type { EvidenceMap } from "../../src/evidence/evidence.ts";
import type {
  Installation,
  InstallerEvent,
  InstallerKind,
  InstallerWord,
  SecretRoot,
} from "../../src/evidence/installation.ts";
import type { OtherUnit } from "../../src/evidence/other-units.ts";
import { bootId, hostPath, micros, unitName } from "../../src/vocabulary.ts";
import {
  credential,
  hostJournal,
  identity,
  line,
  link,
  runner,
  secretFiles,
  start,
  state,
  store,
  unit,
  vmJournal,
  walkTo,
  walkToNothing,
} from "../support/literals.ts";
import { idsOf, judged } from "../support/judged.ts";
import { requireTools } from "../support/requirements.ts";

const KEY = "/run/secrets/demo/api-key";
const AGE = "/run/agenix/demo-api-key";
const BOOT = bootId("b".repeat(32));
/** The moment that lies this many seconds after the journal's beginning. */
const at = (seconds: number) => micros(line(seconds, "").time);

const event = (
  seconds: number,
  word: InstallerWord,
  installer: InstallerKind | undefined = "sops-nix",
): InstallerEvent => {
  const ref = line(seconds, word.kind);
  return { installer, word, boot: BOOT, time: ref.time, ref };
};

/** A place of secrets whose link leads to a generation made at that second. */
const linked = (path: string, installer: InstallerKind, made: number): SecretRoot => {
  const ref = (name: string) => ({
    kind: "file" as const,
    path: hostPath(name),
    stat: {
      type: "directory" as const,
      mode: 0o751,
      uid: 0,
      gid: 96,
      size: 0,
      mtime: at(made),
      ctime: at(made),
    },
  });
  return {
    path: hostPath(path),
    installer,
    ref: ref(path),
    state: "linked",
    current: 2,
    generations: [{ number: 2, ref: ref(`${path}.d/2`) }],
    files: new Map(),
    unlisted: false,
  };
};

const noPlace = (path: string, installer: InstallerKind): SecretRoot => ({
  path: hostPath(path),
  installer,
  ref: { kind: "file", path: hostPath(path), absent: true },
  state: "absent",
  generations: [],
  files: new Map(),
  unlisted: false,
});

const installation = (more: Partial<Installation> = {}): Installation => ({
  declared: [],
  roots: [],
  keys: [],
  events: [],
  declarationsRead: true,
  ...more,
});

const declared = (path: string, more: Partial<Installation["declared"][number]> = {}) => ({
  installer: "sops-nix" as const,
  name: path.slice("/run/secrets/".length),
  path: hostPath(path),
  stored: hostPath(path),
  ref: { kind: "file" as const, path: hostPath("/nix/store/manifest.json") },
  ...more,
});

const producer = (more: Partial<OtherUnit> = {}): OtherUnit => ({
  name: unitName("fetch-secrets.service"),
  ref: { kind: "file", path: hostPath("/etc/systemd/system/fetch-secrets.service") },
  after: [],
  before: [],
  requires: [],
  conditions: [],
  pulledInBy: [],
  makes: [hostPath(KEY)],
  starts: [],
  skipped: [],
  ...more,
});

const RUNNER = store("microvm-qemu-demo-vm");

/** A VM whose credential is there and whose guest runs. Tests spoil one thing each. */
const loading = (more: Partial<EvidenceMap> = {}): Partial<EvidenceMap> => ({
  identity,
  hostJournal: hostJournal(),
  vmJournal: vmJournal([start(10)]),
  state: state({ current: link("current", RUNNER) }),
  runners: {
    current: runner({
      credentialsDirectory: {
        ids: ["api-key"],
        ref: { kind: "file", path: hostPath("/nix/store/x") },
        errorSwallowed: false,
      },
    }),
  },
  unit: unit({ credentials: [credential("api-key", KEY)] }),
  secretFiles: secretFiles(walkTo(KEY, { mtime: at(0) })),
  ...more,
});
const found = (more: Partial<EvidenceMap> = {}) => judged(loading(more));
const ids = (more: Partial<EvidenceMap> = {}) => idsOf(found(more));
const roots = (more: Partial<EvidenceMap> = {}) =>
  found(more)
    .filter(({ role }) => role === "root-cause")
    .map(({ id }) => id);

const refused = (seconds: number, errno?: number) =>
  start(seconds, {
    lives: 1,
    more: {
      started: line(seconds, "Starting"),
      spawnFailures: [
        {
          step: "CREDENTIALS",
          ref: line(seconds, "Failed at step CREDENTIALS"),
          ...(errno === undefined ? {} : { errno }),
        },
      ],
    },
  });

const gone = { secretFiles: secretFiles(walkToNothing(KEY)) };

describe.skipIf(!requireTools("nix-instantiate"))(
  "every Nix snippet of a source's remedies",
  () => {
    const key = { kind: "file" as const, path: hostPath("/persist/k"), absent: true as const };
    const owner = event(6, { kind: "owner-unresolved", name: "relay:relay" });
    const late = event(6, { kind: "no-key", path: key.path });
    const mounted = producer({ makes: [], mountPoint: hostPath("/persist"), starts: [start(20)] });
    const cases: readonly Partial<EvidenceMap>[] = [
      { otherUnits: { units: [producer()] } },
      {
        installation: installation({
          events: [owner],
          declared: [declared(KEY, { owner: "relay" })],
        }),
      },
      {
        otherUnits: { units: [mounted] },
        installation: installation({
          events: [late],
          declared: [declared(KEY)],
          roots: [noPlace("/run/secrets", "sops-nix")],
          keys: [
            {
              installer: "sops-nix",
              path: key.path,
              ref: walkTo("/persist/k", { mtime: at(-9) }).ref,
            },
          ],
        }),
      },
    ];

    it("parses", async () => {
      const snippets = cases.flatMap((more) =>
        found({ ...gone, ...more })
          .filter(({ id }) => id.startsWith("source/"))
          .flatMap(({ remedies }) => remedies)
          .filter(({ kind }) => kind === "nix")
          .map(({ snippet }) => snippet),
      );
      expect(new Set(snippets).size).toBe(cases.length);
      for (const input of snippets) {
        const { exitCode } = await execa("nix-instantiate", ["--parse", "-"], {
          input,
          reject: false,
        });
        expect({ input, exitCode }).toEqual({ input, exitCode: 0 });
      }
    });
  },
);

describe("a failed run of an installer", () => {
  const failing = [event(5, { kind: "started" }), event(6, { kind: "wrong-key" })];

  it("is why its secret is missing", () => {
    const one = installation({ events: failing, roots: [linked("/run/secrets", "sops-nix", 1)] });
    expect(roots({ ...gone, installation: one })).toEqual(["source/decrypt-key"]);
  });

  it("is over where a later run made the generation in force, though a switch logs nothing", () => {
    const one = installation({ events: failing, roots: [linked("/run/secrets", "sops-nix", 900)] });
    expect(ids({ installation: one })).not.toContain("source/decrypt-key");
    expect(ids({ ...gone, installation: one })).not.toContain("source/decrypt-key");
  });

  it("is over where the next run began and complained of nothing", () => {
    const again = [...failing, event(1500, { kind: "started" })];
    const one = installation({ events: again, roots: [linked("/run/secrets", "sops-nix", 1)] });
    expect(ids({ installation: one })).not.toContain("source/decrypt-key");
  });

  it("of agenix does not make what sops-nix installs old", () => {
    const other = [event(6, { kind: "wrong-key" }, "agenix")];
    const one = installation({
      events: other,
      declared: [declared(KEY)],
      roots: [linked("/run/secrets", "sops-nix", 5), linked("/run/agenix", "agenix", 5)],
    });
    expect(ids({ installation: one })).not.toContain("source/decrypt-key");
  });

  it("is known from keys that are newer than the generation, not from a dry activation", () => {
    const root = linked("/run/secrets", "sops-nix", 5);
    const broken = { ...root, keysImported: linked("/run/secrets.d", "sops-nix", 600).ref };
    const next = { number: 3, ref: root.ref };
    const dry = { ...broken, generations: [...root.generations, next] };
    const of = (one: SecretRoot) =>
      ids({ ...gone, installation: installation({ roots: [one], declared: [declared(KEY)] }) });
    expect(of(broken)).toContain("source/decrypt-key");
    expect(of(dry)).not.toContain("source/decrypt-key");
  });
});

describe("a secret that was late", () => {
  const sops = installation({ roots: [linked("/run/secrets", "sops-nix", 600)] });
  const late = secretFiles(walkTo(KEY, { mtime: at(600) }));

  it("is told where errno says that there was none, and it came", () => {
    const journal = vmJournal([refused(10, 2), start(700)]);
    expect(ids({ vmJournal: journal, secretFiles: late, installation: sops })).toContain(
      "source/not-yet-present",
    );
  });

  it("is not told where errno says something else", () => {
    const journal = vmJournal([refused(10, 13), start(700)]);
    expect(ids({ vmJournal: journal, secretFiles: late, installation: sops })).not.toContain(
      "source/not-yet-present",
    );
  });

  it("is not told of a file of its own that a run of sops-nix has nothing to do with", () => {
    const own = "/etc/credstore/demo/api-key";
    const journal = vmJournal([refused(10), start(700)]);
    const evidence = {
      vmJournal: journal,
      unit: unit({ credentials: [credential("api-key", own)] }),
      secretFiles: secretFiles(walkTo(own, { mtime: at(0) })),
      installation: sops,
    };
    expect(ids(evidence)).not.toContain("source/not-yet-present");
  });

  it("is not told where starts go on failing after it came", () => {
    const journal = vmJournal([585, 590, 595, 605, 610, 615].map((second) => refused(second, 2)));
    expect(ids({ vmJournal: journal, secretFiles: late, installation: sops })).not.toContain(
      "source/not-yet-present",
    );
  });

  const racing = (more: Partial<OtherUnit>, after: readonly string[] = []) => {
    const name = "sops-install-secrets.service";
    const ref = line(1, "After=");
    const finding = found({
      vmJournal: vmJournal([refused(10, 2), start(20)]),
      secretFiles: secretFiles(walkTo(KEY, { mtime: at(15) })),
      installation: installation({
        declared: [declared(KEY)],
        roots: [linked("/run/secrets", "sops-nix", 15)],
        events: [event(8, { kind: "started" }), event(15, { kind: "finished" })],
      }),
      unit: unit({
        credentials: [credential("api-key", KEY)],
        dependencies: after.map((key) => ({
          key,
          value: name,
          ref: { kind: "file", path: hostPath("/etc/x"), text: ref.text },
        })),
        needs: after.length > 0 ? [name] : [],
      }),
      otherUnits: { units: [producer({ name: unitName(name), makes: [], ...more })] },
    }).find(({ id }) => id === "source/not-yet-present");
    return finding?.scope.recurs === true;
  };

  it("comes back at the next boot unless the VM is ordered after what makes it", () => {
    expect(racing({})).toBe(true);
    expect(racing({}, ["After"])).toBe(false);
    expect(racing({}, ["Requires"])).toBe(true);
    expect(racing({ before: ["sysinit.target"] })).toBe(false);
    expect(racing({ before: ["microvm@demo-vm.service"] })).toBe(false);
  });
});

describe("a key", () => {
  const path = hostPath("/persist/age/key.txt");
  const key = (more: Partial<Installation["keys"][number]["ref"]>) => ({
    path,
    installer: "sops-nix" as const,
    ref: { kind: "file" as const, path, ...more },
  });
  const there = (made: number) => key({ ...walkTo(path, { mtime: at(made) }).ref, path });
  const complaint = (text: string): InstallerEvent => {
    const ref = line(6, text);
    return {
      installer: "sops-nix",
      word: { kind: "no-key", path },
      boot: BOOT,
      time: ref.time,
      ref,
    };
  };
  const none = complaint(`cannot read keyfile ${path}: open ${path}: no such file or directory`);
  const of = (keys: Installation["keys"], events: readonly InstallerEvent[]) =>
    found({
      ...gone,
      installation: installation({
        declared: [declared(KEY)],
        roots: [noPlace("/run/secrets", "sops-nix")],
        keys,
        events,
      }),
    }).filter(({ role }) => role === "root-cause");

  it("that was absent by a word of errno and is there now came later, however old it is", () => {
    expect(of([there(-86_400)], [none])).toMatchObject([
      { id: "source/not-yet-present", scope: { recurs: true } },
    ]);
  });

  it("that could not be read for another reason did not come later", () => {
    const other = complaint(`cannot read keyfile ${path}: permission denied`);
    expect(of([there(-86_400)], [other]).map(({ id }) => id)).toEqual(["source/decrypt-no-key"]);
  });

  it("that the host made for itself does not come late again", () => {
    const [finding] = of([there(9)], [none]);
    expect(finding?.id).toBe("source/not-yet-present");
    expect(finding?.scope.recurs).toBeUndefined();
  });

  it("that is not on the host explains what is missing without a line of the journal", () => {
    expect(of([key({ absent: true })], [])).toMatchObject([
      { id: "source/decrypt-no-key", certainty: "strong" },
    ]);
  });

  it("beside others does not: one of them may fit", () => {
    const named = of([key({ absent: true }), there(-86_400)], []).map(({ id }) => id);
    expect(named).not.toContain("source/decrypt-no-key");
  });
});

describe("nothing installed", () => {
  const nothing = [noPlace("/run/secrets", "sops-nix"), noPlace("/run/agenix", "agenix")];

  it("is told where no place of secrets is there and no installer spoke", () => {
    expect(ids({ ...gone, installation: installation({ roots: nothing }) })).toContain(
      "source/never-installed",
    );
  });

  it("is not told of a path that this host's installer has nothing to do with", () => {
    const one = installation({
      roots: [noPlace("/run/secrets", "sops-nix"), linked("/run/agenix", "agenix", 5)],
      declared: [declared(AGE, { installer: "agenix", name: "demo-api-key" })],
    });
    expect(ids({ ...gone, installation: one })).not.toContain("source/never-installed");
  });

  it("is less sure where the journal does not hold the whole boot", () => {
    const certainty = (journal: ReturnType<typeof hostJournal>) =>
      found({
        ...gone,
        hostJournal: journal,
        installation: installation({ roots: nothing }),
      }).find(({ id }) => id === "source/never-installed")?.certainty;
    expect(certainty(hostJournal())).toBe("proven");
    expect(certainty(hostJournal({ partial: "only a part may be read" }))).toBeUndefined();
    expect(certainty(hostJournal({ holes: [{ since: at(0), until: at(60) }] }))).toBe("weak");
  });
});

describe("an owner that does not exist", () => {
  it("is another snippet's trouble where no installer speaks and no secret has that owner", () => {
    const bare = event(6, { kind: "owner-unresolved", name: "nginx:nginx" });
    const words = [{ ...bare, installer: undefined }];
    const one = installation({
      events: words,
      declared: [declared(KEY, { owner: "root" })],
      roots: [linked("/run/secrets", "sops-nix", 5)],
    });
    expect(ids({ ...gone, installation: one })).not.toContain("source/owner-unresolved");
  });

  it("of somebody else's secret keeps all secrets of sops-nix away", () => {
    const words = [event(6, { kind: "owner-unresolved", name: "postmaster" })];
    const one = installation({
      events: words,
      declared: [declared(KEY), declared("/run/secrets/mail", { owner: "postmaster" })],
      roots: [noPlace("/run/secrets", "sops-nix")],
    });
    expect(roots({ ...gone, installation: one })).toEqual(["source/owner-unresolved"]);
  });
});

describe("a producer", () => {
  const idle = (more: Partial<OtherUnit>, journal = hostJournal()) =>
    ids({ ...gone, hostJournal: journal, otherUnits: { units: [producer(more)] } }).includes(
      "source/producer-skipped",
    );

  it("that nobody asked is told, one that a timer asks is not", () => {
    expect(idle({})).toBe(true);
    expect(idle({ pulledInBy: ["fetch-secrets.timer"] })).toBe(false);
  });

  it("is not said to have been idle where the journal could hide its start", () => {
    expect(idle({}, hostJournal({ partial: "only a part may be read" }))).toBe(false);
    expect(idle({}, hostJournal({ holes: [{ since: at(0), until: at(60) }] }))).toBe(false);
  });
});

describe("a secret under another path", () => {
  it("is no move where the host itself is to make the wanted path", () => {
    const other = { kind: "file" as const, path: hostPath("/run/agenix/demo/api-key") };
    const agenix = linked("/run/agenix", "agenix", 5);
    const moved = { ...agenix, files: new Map([[other.path, other]]) };
    const of = (secrets: Installation["declared"]) =>
      ids({ ...gone, installation: installation({ roots: [moved], declared: secrets }) });
    expect(of([])).toContain("source/path-moved");
    expect(of([declared(KEY)])).not.toContain("source/path-moved");
  });
});

describe("a secret of the guest", () => {
  it("is only told apart where it is known what the host declares", () => {
    const guestSystem = {
      toplevel: store("nixos-system-demo-vm-25.11"),
      ref: { kind: "file" as const, path: hostPath("/var/lib/microvms/demo-vm/toplevel") },
      consumers: [],
      unitsRead: true,
      declared: [declared(KEY)],
      kernelParameters: [],
    };
    const of = (declarationsRead: boolean) =>
      ids({ ...gone, guestSystem, installation: installation({ declarationsRead }) });
    expect(of(true)).toContain("source/declared-elsewhere");
    expect(of(false)).not.toContain("source/declared-elsewhere");
  });
});
