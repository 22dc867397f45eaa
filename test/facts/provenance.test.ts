import { describe, expect, it } from "vitest";
import type { EvidenceMap } from "../../src/evidence/evidence.ts";
import type { HostEvent } from "../../src/evidence/journal.ts";
import { provenanceOf, provenanceSources, type Provenance } from "../../src/facts/provenance.ts";
import { valueOf } from "../../src/evidence/evidence.ts";
import { hostPath, storePathOf } from "../../src/vocabulary.ts";
import { collectedEvidence, knowledgeOf } from "../support/judged.ts";
import {
  denied,
  hostJournal,
  line,
  moment,
  readOf,
  registrations,
  runner,
  start,
  state,
  store,
  unit,
  vmJournal,
} from "../support/literals.ts";
import { generation, linkAt, stored } from "../support/origin-literals.ts";

const KEY = "/run/secrets/demo/api-key";
const RUNNER = store("microvm-qemu-demo-vm");
const OTHER = store("microvm-cloud-hypervisor-demo-vm");
const PROFILE = hostPath("/nix/var/nix/profiles/system");

/** `current` was linked to a runner at this time. */
const currentAt = (at: number, target = RUNNER) => ({
  name: "current" as const,
  hops: [linkAt("/var/lib/microvms/demo-vm/current", target, at)] as const,
  end: "resolved" as const,
  store: target,
});

/** A VM that has run since second 100 of the journal with the runner that `current` led to at 50. */
const running = (more: Partial<EvidenceMap> = {}): Partial<EvidenceMap> => ({
  hostJournal: hostJournal(),
  vmJournal: vmJournal([start(100)]),
  state: state({ current: currentAt(50) }),
  runners: { current: runner() },
  unit: unit(),
  store: { runners: [stored(RUNNER)], rootsSeen: 1, queries: [] },
  generations: { list: [generation(1, 40)], profile: PROFILE },
  ...more,
});

/** The provenance of the first phase that ran something, on literal evidence. */
const provenance = (evidence: Partial<EvidenceMap>): Provenance => {
  const history = valueOf(knowledgeOf(evidence).history);
  const phase = history?.phases.find(({ starts }) => starts.length > 0);
  const found =
    history === undefined || phase === undefined
      ? undefined
      : provenanceOf(phase, provenanceSources(history, collectedEvidence(evidence)));
  if (found === undefined) throw new Error("there is a phase with a runner");
  return found;
};

const operator = (at: number, text: string): HostEvent => ({
  kind: "operator",
  user: "alice",
  command: text,
  ref: line(at, `COMMAND=${text}`, { identifier: "sudo" }),
});

describe("a runner that a generation installs", () => {
  const installed = (...list: ReturnType<typeof generation>[]) =>
    running({ generations: { list, profile: PROFILE } });

  it("came with the first generation that installs it, and not after its link was made", () => {
    const found = provenance(
      installed(generation(1, 10), generation(2, 30, RUNNER), generation(3, 40, RUNNER)),
    );
    expect(found).toMatchObject({
      kind: "generation",
      notBefore: moment(30),
      notAfter: moment(50),
    });
    expect(found.text).toContain("Generations 2 and 3 of the system install it");
  });

  it("may have come earlier where an earlier generation is gone: then only its registration bounds it", () => {
    const list = [generation(2, 30, RUNNER)];
    expect(provenance(installed(...list))).not.toHaveProperty("notBefore");
    const found = provenance({
      ...installed(...list),
      registrations: registrations([RUNNER, 20]),
    });
    expect(found.notBefore).toBe(moment(20));
  });

  it("is told from one that an installer only links for a new VM", () => {
    const frozen = generation(1, 30, RUNNER, { frozen: true });
    expect(provenance(installed(frozen)).text).toContain("no state directory yet");
  });

  it("takes no bound from a time that lies after the phase began", () => {
    const found = provenance({
      ...installed(generation(1, 3000, RUNNER)),
      registrations: registrations([RUNNER, 2000]),
    });
    expect(found).not.toHaveProperty("notBefore");
    expect(found.text).toContain("built again since");
  });
});

describe("a runner that no generation installs", () => {
  it("was built from the flake that the state directory names", () => {
    const found = provenance(
      running({
        state: {
          ...state({ current: currentAt(50) }),
          flake: {
            reference: "git+file:///srv/config",
            ref: { kind: "file", path: hostPath("/var/lib/microvms/demo-vm/flake") },
          },
        },
        registrations: registrations([RUNNER, 45]),
      }),
    );
    expect(found).toMatchObject({ kind: "flake", notBefore: moment(45), notAfter: moment(50) });
    expect(found.text).toContain("git+file:///srv/config");
  });

  it("was put there by a deploy, which leaves the runner before in old, or roots and no flake file", () => {
    const old = { ...currentAt(20, OTHER), name: "old" as const };
    expect(
      provenance(
        running({
          state: { ...state({ current: currentAt(50), old }), flavour: "deployed" },
        }),
      ).kind,
    ).toBe("deploy");
    const root = linkAt(
      "/nix/var/nix/gcroots/microvm/demo-vm",
      "/var/lib/microvms/demo-vm/current",
      5,
    );
    const runners = [stored(RUNNER, { roots: [root] })];
    expect(provenance(running({ store: { runners, rootsSeen: 1, queries: [] } })).kind).toBe(
      "deploy",
    );
  });

  it("that old leads to was current before, since the time of that link", () => {
    const found = provenance(
      running({
        state: {
          ...state({
            current: currentAt(3000, OTHER),
            booted: { ...currentAt(99), name: "booted" },
            old: { ...currentAt(50), name: "old" },
          }),
          flavour: "deployed",
        },
        runners: { current: runner(), booted: runner() },
      }),
    );
    expect(found).toMatchObject({ kind: "deploy", notAfter: moment(50) });
    expect(found.text).toContain("old leads to it");
  });

  it("is bounded by the birth of its directory where no registration is known, unless that is a copy's", () => {
    const born = (at: number) => {
      const { stat } = linkAt(RUNNER, RUNNER, 0);
      if (stat === undefined) throw new Error("a link has a stat");
      const ref = {
        kind: "file",
        path: hostPath(RUNNER),
        stat: { ...stat, birth: moment(at) },
      } as const;
      return running({ store: { runners: [stored(RUNNER, { ref })], rootsSeen: 1, queries: [] } });
    };
    expect(provenance(born(30)).notBefore).toBe(moment(30));
    expect(provenance(born(5000))).not.toHaveProperty("notBefore");
    expect(provenance({ ...born(30), registrations: registrations([RUNNER, 20]) }).notBefore).toBe(
      moment(20),
    );
  });

  it("was linked by hand where an operator's command says so, or where microvm.nix links nothing like it", () => {
    const linked =
      "/run/current-system/sw/bin/ln -sfn /nix/store/x /var/lib/microvms/demo-vm/current";
    const found = provenance(
      running({ hostJournal: hostJournal({ events: [operator(50, linked)] }) }),
    );
    expect(found).toMatchObject({ kind: "by-hand", notBefore: moment(50) });
    const odd = storePathOf(`/nix/store/${"1".repeat(32)}-my-runner`);
    if (odd === undefined) throw new Error("a store path");
    expect(
      provenance(
        running({ state: { ...state({ current: currentAt(50, odd) }), flavour: "hand-made" } }),
      ).kind,
    ).toBe("by-hand");
  });

  it("was built by somebody where a root of theirs keeps it", () => {
    const root = linkAt("/nix/var/nix/gcroots/auto/x", "/home/alice/result", 5);
    const runners = [stored(RUNNER, { roots: [root] })];
    const found = provenance(running({ store: { runners, rootsSeen: 1, queries: [] } }));
    expect(found.kind).toBe("by-hand");
    expect(found.evidence).toContain(root);
  });

  it("comes from nobody who is left, and a generation that is gone is named", () => {
    expect(provenance(running())).toMatchObject({ kind: "unknown", notAfter: moment(50) });
    const found = provenance(
      running({ generations: { list: [generation(3, 40)], profile: PROFILE } }),
    );
    expect(found.text).toContain("2 generations between 1 and 2 are gone");
  });

  it("a command that was given after the phase began, or for another VM, put nothing there", () => {
    for (const event of [
      operator(200, "ln -sfn /nix/store/x /var/lib/microvms/demo-vm/current"),
      operator(50, "ln -sfn /nix/store/x /var/lib/microvms/other-vm/current"),
      operator(50, "ls -l /var/lib/microvms/demo-vm/current"),
    ])
      expect(provenance(running({ hostJournal: hostJournal({ events: [event] }) })).kind).toBe(
        "unknown",
      );
  });
});

describe("a runner that nothing recorded", () => {
  /** A loop that was refused its secret, before `current` was linked anew. */
  const earlier = (more: Partial<EvidenceMap> = {}): Partial<EvidenceMap> => ({
    ...running(),
    vmJournal: vmJournal([
      ...[100, 107, 114, 121].map((at) => start(at, { lives: 1, says: [denied(KEY)] })),
      start(1000),
    ]),
    state: state({ current: currentAt(900) }),
    store: {
      runners: [
        stored(RUNNER),
        stored(OTHER, { runner: runner({ directory: OTHER, reads: [readOf(KEY)] }) }),
      ],
      rootsSeen: 1,
      queries: [],
    },
    generations: { list: [generation(1, 10, RUNNER)], profile: PROFILE },
    ...more,
  });

  it("is not guessed: what fits is named with an if, and bounded by its registration", () => {
    const found = provenance(earlier({ registrations: registrations([OTHER, 60], [RUNNER, 5]) }));
    expect(found).toMatchObject({ kind: "unknown", notBefore: moment(60), notAfter: moment(100) });
    expect(found.text).toContain(`If it was ${OTHER}`);
  });

  it("is told from what the newest generation of that time installs", () => {
    expect(provenance(earlier()).text).toContain(
      `Generation 1, the newest that there was when the phase began, installs ${RUNNER}, which would not have done what was seen.`,
    );
  });

  it("cannot be one that came into the store after the phase was over", () => {
    const found = provenance(earlier({ registrations: registrations([OTHER, 500]) }));
    expect(found.text).not.toContain("If it was");
    expect(found).not.toHaveProperty("notBefore");
  });

  it("has no provenance in a silence", () => {
    const evidence = earlier();
    const history = valueOf(knowledgeOf(evidence).history);
    const silence = history?.phases.find(({ kind }) => kind === "silent");
    if (history === undefined || silence === undefined) throw new Error("there is a silence");
    const sources = provenanceSources(history, collectedEvidence(evidence));
    expect(provenanceOf(silence, sources)).toBeUndefined();
  });
});
