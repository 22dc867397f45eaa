import { describe, expect, it } from "vitest";
import type { Hypothesis } from "../../src/diagnosis/finding.ts";
import { hypotheses } from "../../src/diagnosis/hypotheses/hypotheses.ts";
import { judge } from "../../src/diagnosis/judgement.ts";
import { valueOf, type EvidenceMap } from "../../src/evidence/evidence.ts";
import type { HostEvent } from "../../src/evidence/journal.ts";
import type { PathWalk } from "../../src/evidence/secret-files.ts";
import { hostPath } from "../../src/vocabulary.ts";
import { collectedEvidence } from "../support/judged.ts";
import {
  credential,
  denied,
  hostJournal,
  identity,
  line,
  link,
  moment,
  quietHost,
  readOf,
  repository,
  runner,
  secretFiles,
  size,
  start,
  state,
  store,
  unit,
  vmJournal,
  vmName,
  walkTo,
  walkToNothing,
} from "../support/literals.ts";
import {
  commit,
  generation,
  linkAt,
  locked,
  search,
  sourceCopy,
  stored,
  toplevel,
} from "../support/origin-literals.ts";

const KEY = "/run/secrets/demo/api-key";
const RUNNER = store("microvm-qemu-demo-vm");
const ORPHAN = store("microvm-cloud-hypervisor-demo-vm");
const OWN_NAME = "HOST_API_KEY";

type Evidence = Partial<EvidenceMap>;

const weigh = (evidence: Evidence): readonly Hypothesis[] => {
  const given = collectedEvidence(evidence);
  const { knowledge, findings } = judge(vmName(), given);
  const history = valueOf(knowledge.history);
  const journal = valueOf(given.hostJournal);
  if (history === undefined || journal === undefined) throw new Error("there is a journal");
  return hypotheses({ vm: vmName(), evidence: given, hostJournal: journal, history, findings });
};

const rowsOf = (evidence: Evidence, question: RegExp): readonly Hypothesis[] =>
  weigh(evidence).filter((row) => question.test(row.question));

/** Which rows have another state after a piece of evidence came to light, with the state that they have now. */
const turned = (before: Evidence, after: Evidence, question: RegExp): readonly string[] => {
  const old = rowsOf(before, question);
  const now = rowsOf(after, question);
  expect(now.map(({ claim }) => claim)).toEqual(old.map(({ claim }) => claim));
  return now.flatMap((row, index) =>
    row.state === old[index]?.state ? [] : [`${row.claim}: ${row.state}`],
  );
};

interface Piece {
  readonly row: RegExp;
  readonly to: Hypothesis["state"];
  readonly by: Evidence;
}

const turnsOneRow = (base: Evidence, question: RegExp, pieces: Readonly<Record<string, Piece>>) => {
  it.each(Object.entries(pieces))("%s", (_, { row, to, by }) => {
    const changes = turned(base, { ...base, ...by }, question);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatch(row);
    expect(changes[0]).toMatch(new RegExp(`: ${to}$`, "u"));
  });

  it("and every row has a piece that turns it, a command that decides it, and evidence in its arguments", () => {
    const rows = rowsOf(base, question);
    expect(rows.length).toBeGreaterThan(1);
    const patterns = Object.values(pieces).map(({ row }) => row);
    for (const { claim, decideBy } of rows) {
      expect(patterns.some((pattern) => pattern.test(claim))).toBe(true);
      expect(decideBy).toMatch(/\S/u);
    }
    for (const { by } of Object.values(pieces))
      for (const one of rowsOf({ ...base, ...by }, question)) {
        // What decides a row speaks for it or against it, and is shown.
        const deciding = { supported: one.for, refuted: one.against, open: [one] }[one.state];
        expect(deciding).not.toEqual([]);
        for (const argument of [...one.for, ...one.against])
          expect(argument.evidence).not.toEqual([]);
      }
  });
};

const PROFILE = hostPath("/nix/var/nix/profiles/system");
const generations = (...list: ReturnType<typeof generation>[]) => ({
  list,
  profile: PROFILE,
  ...(list.length === 0 ? {} : { newest: list.at(-1)?.number ?? 1 }),
});

const operator = (at: number, command: string): HostEvent => ({
  kind: "operator",
  user: "alice",
  command,
  ref: line(at, `COMMAND=${command}`, { identifier: "sudo" }),
});

describe("where an earlier runner came from: one piece of evidence turns one row", () => {
  const current = {
    ...link("current", RUNNER),
    hops: [linkAt("/var/lib/microvms/demo-vm/current", RUNNER, 900)] as const,
  };
  const orphan = stored(ORPHAN, {
    runner: runner({
      directory: ORPHAN,
      reads: [
        {
          ...readOf(KEY),
          ref: {
            kind: "file",
            path: hostPath(ORPHAN),
            line: 4,
            text: `${OWN_NAME}=$(cat ${KEY})`,
          },
        },
      ],
    }),
  });
  const searched = (more: Parameters<typeof search>[2] = {}) => [
    search("vm", "demo-vm"),
    search("runner", OWN_NAME, more),
  ];
  const config = (more: Parameters<typeof repository>[0] = {}) => ({
    configurationRepository: repository({ searches: searched(), ...more }),
  });
  const base: Evidence = {
    ...quietHost,
    identity,
    hostJournal: hostJournal(),
    vmJournal: vmJournal([
      ...[100, 107, 114, 121].map((at) => start(at, { lives: 1, says: [denied(KEY)] })),
      start(1000),
    ]),
    state: state({ current }),
    runners: { current: runner() },
    unit: unit(),
    secretFiles: secretFiles(walkTo(KEY)),
    store: { runners: [stored(RUNNER), orphan], rootsSeen: 1, queries: [] },
    generations: generations(generation(1, 10, RUNNER), generation(2, 20, RUNNER)),
    ...config(),
  };
  const rooted = {
    ...orphan,
    roots: [linkAt("/nix/var/nix/gcroots/auto/x", "/home/alice/result", 50)],
  };

  turnsOneRow(base, /^Where did the runner/u, {
    "two copies of microvm.nix that differ": {
      row: /^Another evaluation/u,
      to: "supported",
      by: { sourceCopies: { looked: 2, copies: [sourceCopy("a", "1"), sourceCopy("b", "2")] } },
    },
    "a copy that lets a declared script win": {
      row: /^Another evaluation/u,
      to: "supported",
      by: {
        sourceCopies: { looked: 1, copies: [sourceCopy("a", "1", { merge: "declared-wins" })] },
      },
    },
    "an input that is locked by path": {
      row: /^Another evaluation/u,
      to: "supported",
      by: config({ locks: [locked({ type: "path", location: "/srv/microvm.nix" })] }),
    },
    "an input that was dirty when it was locked": {
      row: /^Another evaluation/u,
      to: "supported",
      by: config({ locks: [locked({ type: "git", revision: `${"a".repeat(40)}-dirty` })] }),
    },
    "a generation that is gone": {
      row: /^An earlier generation/u,
      to: "open",
      by: { generations: generations(generation(2, 20, RUNNER)) },
    },
    "a switch to a system that is no generation any more": {
      row: /^An earlier generation/u,
      to: "supported",
      by: {
        hostJournal: hostJournal({
          events: [{ kind: "switch", toplevel: toplevel(7), ref: line(50, "switching") }],
        }),
      },
    },
    "a command that linked current": {
      row: /^Somebody/u,
      to: "supported",
      by: {
        hostJournal: hostJournal({
          events: [operator(50, "ln -sfn /nix/store/x /var/lib/microvms/demo-vm/current")],
        }),
      },
    },
    "a command that had microvm build it": {
      row: /^Somebody/u,
      to: "supported",
      by: { hostJournal: hostJournal({ events: [operator(50, "microvm -u demo-vm")] }) },
    },
    "a root of somebody's": {
      row: /^Somebody/u,
      to: "supported",
      by: { store: { runners: [stored(RUNNER), rooted], rootsSeen: 2, queries: [] } },
    },
    "a commit behind HEAD": {
      row: /^A commit of the branch/u,
      to: "supported",
      by: config({ searches: searched({ commits: [commit()] }) }),
    },
    "a commit of another branch": {
      row: /^It stands on another branch/u,
      to: "supported",
      by: config({
        searches: searched({ commits: [commit({ reachable: false, refs: ["try"] })] }),
      }),
    },
    "a commit that only a reflog knows": {
      row: /^It stands on another branch/u,
      to: "supported",
      by: config({ searches: searched({ commits: [commit({ reachable: false, refs: [] })] }) }),
    },
    "a stash": {
      row: /^It lies in a stash/u,
      to: "supported",
      by: config({
        searches: searched({ commits: [commit({ reachable: false, refs: [], stash: 0 })] }),
      }),
    },
    "a file that was never committed": {
      row: /^It was never committed/u,
      to: "supported",
      by: config({ untracked: ["new.nix"], searches: searched({ workTree: ["new.nix"] }) }),
    },
  });

  const origin = (more: Evidence): Readonly<Record<string, string>> =>
    Object.fromEntries(
      rowsOf({ ...base, ...more }, /^Where did the runner/u).map(({ claim, state: is }) => [
        claim.split(" ").slice(0, 3).join(" "),
        is,
      ]),
    );

  it("a generation that is gone and was made after the phase is no excuse", () => {
    const later = generations(
      generation(1, 10, RUNNER),
      generation(2, 500, RUNNER),
      generation(4, 600, RUNNER),
    );
    expect(origin({ generations: later })["An earlier generation"]).toBe("refuted");
  });

  it("without a repository its rows are open and say how to decide", () => {
    const { configurationRepository: _, ...without } = base;
    const rows = rowsOf(without, /^Where did the runner/u).slice(3);
    expect(rows.map((row) => row.state)).toEqual(["open", "open", "open", "open"]);
    for (const { decideBy } of rows) expect(decideBy).toContain("--flake");
  });

  it("a search that met a limit, or a repository without a commit, rules nothing out", () => {
    const { head: _, ...unborn } = repository({ searches: searched() });
    for (const more of [
      config({ searches: searched({ whole: false }) }),
      { configurationRepository: unborn },
    ])
      expect(Object.values(origin(more)).slice(3)).toEqual(["open", "open", "open", "open"]);
  });

  it("copies that are the same speak against a change, and do not rule it out", () => {
    const copies = [sourceCopy("a", "1"), sourceCopy("b", "1")];
    const [row] = rowsOf(
      { ...base, sourceCopies: { looked: 2, copies } },
      /^Where did the runner/u,
    );
    expect(row).toMatchObject({ state: "open", against: [{}] });
  });

  it("a commit that was made after the phase is said to be later", () => {
    const late = rowsOf(
      {
        ...base,
        ...config({ searches: searched({ commits: [commit({ committed: moment(2000) })] }) }),
      },
      /^Where did the runner/u,
    ).find(({ claim }) => claim.startsWith("A commit"));
    expect(late?.for[0]?.text).toContain("after the phase began");
  });

  it("where no variable is known, an option counts beside the VM's name and nowhere else", () => {
    const option = (files: readonly string[]) =>
      config({
        searches: [
          search("vm", "demo-vm", { head: ["vm.nix"] }),
          search("customisation", "binScripts", {
            commits: [commit({ reachable: false, refs: ["try"], files })],
          }),
        ],
      });
    expect(origin(option(["vm.nix"]))["It stands on"]).toBe("supported");
    expect(origin(option(["other.nix"]))["It stands on"]).toBe("refuted");
  });
});

describe("why a start found nothing where a secret belongs: one piece of evidence turns one row", () => {
  const missing = { kind: "no-such-file", path: hostPath(KEY), program: "cat" } as const;
  const installation = {
    ...quietHost.installation,
    roots: [
      {
        path: hostPath("/run/secrets"),
        installer: "sops-nix",
        ref: { kind: "file", path: hostPath("/run/secrets") },
        state: "linked",
        generations: [],
        files: new Map(),
        unlisted: false,
      },
    ],
  } as const;
  const [root] = installation.roots;
  const base: Evidence = {
    ...quietHost,
    installation,
    identity,
    hostJournal: hostJournal(),
    vmJournal: vmJournal([start(100, { lives: 1, says: [missing], restarts: false })]),
    state: state({ current: link("current", RUNNER) }),
    runners: { current: runner({ reads: [readOf(KEY)] }) },
    unit: unit(),
    secretFiles: secretFiles(walkToNothing(KEY)),
  };
  const writtenAt = (at: number): PathWalk => walkTo(KEY, { mtime: moment(at), ctime: moment(at) });
  const installedAt = (at: number): HostEvent => ({
    kind: "secrets-installed",
    ref: line(at, "finished", { identifier: "sops-install-secrets" }),
  });
  const maker = {
    installer: "sops-nix",
    name: "api-key",
    path: hostPath(KEY),
    stored: hostPath(KEY),
    ref: { kind: "file", path: hostPath("/nix/store/manifest.json") },
  } as const;

  turnsOneRow(base, /^Why did phase/u, {
    "secrets that were installed after the start": {
      row: /^It was made only after/u,
      to: "supported",
      by: { hostJournal: hostJournal({ events: [installedAt(200)] }) },
    },
    "secrets that were installed before the start, and not again": {
      row: /^It was made only after/u,
      to: "refuted",
      by: { hostJournal: hostJournal({ events: [installedAt(50)] }) },
    },
    "an installer that is to make it": {
      row: /^Nothing on this host/u,
      to: "refuted",
      by: { installation: { ...installation, declared: [maker] } },
    },
    "the installers of secrets could not be looked at": {
      row: /^The secret lies/u,
      to: "open",
      by: { installation: { ...installation, roots: [{ ...root, unlisted: true }] } },
    },
    "a file of the same name elsewhere": {
      row: /^The secret lies/u,
      to: "supported",
      by: {
        installation: {
          ...installation,
          roots: [
            {
              ...root,
              files: new Map([
                [
                  hostPath("/run/secrets/shared/demo/api-key"),
                  { kind: "file", path: hostPath("/run/secrets/shared/demo/api-key") },
                ],
              ]),
            },
          ],
        },
      },
    },
  });

  const states = (more: Evidence) =>
    rowsOf({ ...base, ...more }, /^Why did phase/u).map((row) => row.state);

  it("a file that was written after the last miss came late; one that stood there before did not", () => {
    expect(states({ secretFiles: secretFiles(writtenAt(300)) })[0]).toBe("supported");
    expect(states({ secretFiles: secretFiles(writtenAt(50)) })[0]).toBe("refuted");
  });

  it("a time behind the journal's end is a copy's and says nothing", () => {
    expect(states({ secretFiles: secretFiles(writtenAt(90_000)) })[0]).toBe("open");
  });

  it("both installed before and after leaves the order open", () => {
    const events = [installedAt(50), installedAt(200)];
    expect(states({ hostJournal: hostJournal({ events }) })[0]).toBe("open");
  });

  it("systemd's failed step asks the same about the one source that is missing", () => {
    const failed = start(100, {
      lives: 1,
      restarts: false,
      more: {
        spawnFailures: [{ step: "CREDENTIALS", ref: line(100, "Failed at step CREDENTIALS") }],
      },
    });
    const rows = rowsOf(
      {
        ...base,
        vmJournal: vmJournal([failed]),
        runners: { current: runner() },
        unit: unit({ credentials: [credential("api-key", KEY)] }),
      },
      /^Why did phase/u,
    );
    expect(rows[0]?.question).toContain(KEY);
  });

  it("a file that is no secret's is not asked about", () => {
    const other = { ...missing, path: hostPath("/var/lib/demo/disk.img") };
    const invocation = start(100, { lives: 1, says: [other], restarts: false });
    expect(states({ vmJournal: vmJournal([invocation]) })).toEqual([]);
  });
});

describe("whether the runner is old: one piece of evidence turns one row", () => {
  const running = { toplevel: toplevel(2), ref: linkAt("/run/current-system", toplevel(2), 30) };
  const two = [generation(1, 10, RUNNER), generation(2, 20, RUNNER)];
  const base: Evidence = {
    ...quietHost,
    identity,
    hostJournal: hostJournal(),
    vmJournal: vmJournal([start(100, { says: [size("API_KEY", 0)] })]),
    state: state({ current: link("current", RUNNER), booted: link("booted", RUNNER) }),
    runners: { current: runner(), booted: runner() },
    unit: unit({ credentials: [credential("api-key", KEY)] }),
    secretFiles: secretFiles(walkTo(KEY)),
    store: { runners: [stored(RUNNER)], rootsSeen: 1, queries: [] },
    generations: { ...generations(...two), running },
    configurationRepository: repository(),
  };
  const headAt = (at: number) => {
    const { head } = repository();
    return head === undefined ? {} : { head: { ...head, committed: moment(at) } };
  };

  turnsOneRow(base, /^Is the runner old/u, {
    "a commit after the newest generation": {
      row: /^The configuration holds/u,
      to: "supported",
      by: { configurationRepository: repository(headAt(25)) },
    },
    "a file that is not committed": {
      row: /^The configuration holds/u,
      to: "supported",
      by: { configurationRepository: repository({ changed: ["vm.nix"] }) },
    },
    "a generation that is newer than the system that runs": {
      row: /^The newest generation/u,
      to: "supported",
      by: { generations: { ...generations(...two, generation(3, 30, RUNNER)), running } },
    },
    "an installer that links another runner": {
      row: /^The system that runs/u,
      to: "supported",
      by: {
        generations: {
          ...generations(generation(1, 10, RUNNER), generation(2, 20, ORPHAN)),
          running,
        },
      },
    },
    "a booted link that leads elsewhere": {
      row: /^The VM still runs/u,
      to: "supported",
      by: { state: state({ current: link("current", RUNNER), booted: link("booted", ORPHAN) }) },
    },
  });

  it("all four are ruled out where everything agrees: the configuration gives this runner", () => {
    expect(rowsOf(base, /^Is the runner old/u).map((row) => row.state)).toEqual(
      Array.from({ length: 4 }, () => "refuted"),
    );
  });

  it("is not asked of a VM that is well", () => {
    const well: Evidence = {
      ...base,
      vmJournal: vmJournal([start(100, { says: [size("API_KEY", 44)] })]),
      runners: { current: runner({ reads: [readOf(KEY)] }) },
      unit: unit(),
      secretFiles: secretFiles(walkTo(KEY, { mode: 0o444 })),
    };
    expect(rowsOf(well, /^Is the runner old/u)).toEqual([]);
  });
});

describe("empty or absent in the guest: one piece of evidence turns one row", () => {
  const reading = runner({ reads: [readOf(KEY)] });
  const base: Evidence = {
    ...quietHost,
    identity,
    hostJournal: hostJournal(),
    vmJournal: vmJournal([start(100, { says: [size("API_KEY", 0)] })]),
    state: state({ current: link("current", RUNNER) }),
    runners: { current: reading },
    unit: unit(),
    secretFiles: secretFiles(walkTo(KEY, { mode: 0o444 })),
  };

  turnsOneRow(base, /^Are the credentials/u, {
    "a runner without any way": {
      row: /^The guest has no credential/u,
      to: "supported",
      by: { runners: { current: runner() } },
    },
    "a secret of 0 bytes": {
      row: /^The credentials are there/u,
      to: "supported",
      by: { secretFiles: secretFiles(walkTo(KEY, { mode: 0o444, size: 0 })) },
    },
  });
});

describe("the commands that decide", () => {
  it("take a directory as one word of a shell", () => {
    const [row] = rowsOf(
      {
        ...quietHost,
        identity,
        hostJournal: hostJournal(),
        vmJournal: vmJournal([start(100, { says: [size("API_KEY", 0)] })]),
        state: state({ current: link("current", RUNNER) }),
        runners: { current: runner() },
        unit: unit(),
        secretFiles: secretFiles(),
        configurationRepository: repository({ directory: "/srv/my config" }),
      },
      /^Is the runner old/u,
    );
    expect(row?.decideBy).toBe("git -C '/srv/my config' log -1 --format=%ci");
  });
});
