import type { EvidenceRef } from "../evidence/reference.ts";
import type { Generations, Store, StoredRunner } from "../evidence/store.ts";
import type { StateDirectory } from "../evidence/state-directory.ts";
import type { HostJournal } from "../evidence/journal.ts";
import type { Phase, History } from "../facts/history.ts";
import { originOf, phasesOfUnknownRunner, runnersThatFit } from "../facts/origin.ts";
import { emptyReports } from "../facts/guest-reports.ts";
import { counted, listed } from "../facts/wording.ts";
import type { Argument, Finding, Hypothesis } from "./finding.ts";

export interface HypothesisInput {
  readonly history: History;
  readonly findings: readonly Finding[];
  readonly store: Store | undefined;
  readonly state: StateDirectory | undefined;
  readonly generations: Generations | undefined;
  readonly hostJournal: HostJournal;
}

/** Questions that the evidence leaves open, each with the explanations that fit and the command that would decide between them. */
export const hypotheses = (input: HypothesisInput): readonly Hypothesis[] => [
  ...phasesOfUnknownRunner(input.history).flatMap((phase) => earlierRunner(phase, input)),
  ...emptyOrAbsent(input),
];

const earlierRunner = (phase: Phase, input: HypothesisInput): readonly Hypothesis[] => {
  const { store, state, generations, hostJournal } = input;
  if (store === undefined || state === undefined) return [];
  const question = `Where did the runner of phase ${phase.index} come from?`;
  const best = runnersThatFit(phase, store).find(
    (one) => originOf(one, state, generations).unexplained,
  );
  const unused: readonly Argument[] =
    best === undefined
      ? []
      : [
          {
            text: `${best.path} fits what phase ${phase.index} did, and no generation installs it`,
            evidence: [best.ref, ...best.runner.reads.slice(0, 1).map(({ ref }) => ref)],
          },
        ];
  const numbers = generations?.list.map(({ number }) => number) ?? [];
  const removed = missingNumbers(numbers);
  const installs = (generations?.list ?? []).filter(({ runner }) => runner !== undefined);
  const byHand = hostJournal.events.filter(
    (event) =>
      event.kind === "operator" &&
      /\bln\s+-|nix[ -](?:build|store)|microvm\s+-[cuRr]|microvms\/[^/\s]+\/current/u.test(
        event.command,
      ),
  );
  return [
    {
      question,
      claim:
        "Another evaluation built it: a changed copy of microvm.nix (a path: input, an override) whose runner.nix does not put its own microvm-run over the declared one",
      state: "open",
      for: [...unused, ...(best === undefined ? [] : builtByName(best))],
      against: [],
      decideBy: `nix flake metadata --json | grep -A8 '"microvm"'; ls -d /nix/store/*-source | xargs -I{} sh -c 'test -e {}/lib/runner.nix && echo {}'`,
    },
    {
      question,
      claim: "An earlier generation of this host installed it",
      state: removed.length > 0 || generations === undefined ? "open" : "refuted",
      for:
        removed.length > 0
          ? [
              {
                text: `generation ${listed(removed.map(String))} ${removed.length === 1 ? "is" : "are"} no longer there`,
                evidence: (generations?.list ?? []).slice(0, 1).map(({ link }) => link),
              },
            ]
          : [],
      against:
        installs.length > 0 || numbers.length > 0
          ? [
              {
                text: `${counted(numbers.length, "generation")} (${listed(numbers.map(String))}) were read: ${installs.length === 0 ? "none installs this VM" : `those that install this VM install ${listed([...new Set(installs.flatMap(({ runner }) => runner ?? []))])}`}`,
                evidence: installs.flatMap(({ installer }) => installer ?? []),
              },
            ]
          : [],
      decideBy:
        "for l in /nix/var/nix/profiles/system-*-link; do grep -H ExecStart $l/etc/systemd/system/install-microvm-*.service; done",
    },
    {
      question,
      claim: "Somebody built it and linked it by hand, or with `microvm -c`",
      state: "open",
      for: byHand.map(({ ref }) => ({
        text: "an operator's command in the journal could have done it",
        evidence: [ref],
      })),
      against:
        byHand.length === 0
          ? [
              {
                text: "no such command through sudo is in the journal; a root shell would not show there",
                evidence: coverage(hostJournal),
              },
            ]
          : [],
      decideBy:
        best === undefined
          ? "ls -la /nix/var/nix/gcroots/microvm /nix/var/nix/gcroots/auto"
          : `nix-store --query --roots ${best.path}; nix-store --query --deriver ${best.path}`,
    },
    {
      question,
      claim: "The configuration was never committed, or lies on another branch or in a stash",
      state: "open",
      for: unused,
      against: [],
      decideBy:
        "git log --all --oneline -S'CREDENTIALS_DIRECTORY' -- .; git stash list; git branch --all",
    },
  ];
};

/** The store name of a script says which file of microvm.nix made it. */
const builtByName = (stored: StoredRunner): readonly Argument[] =>
  stored.object?.deriver === undefined
    ? []
    : [
        {
          text: `it has a deriver, ${stored.object.deriver}: nix built it, nobody copied it there`,
          evidence: [stored.ref],
        },
      ];

const missingNumbers = (numbers: readonly number[]): readonly number[] => {
  const [first] = numbers;
  const last = numbers.at(-1);
  if (first === undefined || last === undefined) return [];
  const there = new Set(numbers);
  return Array.from({ length: last }, (_, index) => index + 1).filter(
    (number) => !there.has(number),
  );
};

const coverage = ({ first, last }: HostJournal): readonly EvidenceRef[] => [
  {
    kind: "coverage",
    source: "journal",
    text: "lines of sudo that concern microvm, nixos-rebuild, clan or systemctl",
    ...(first === undefined ? {} : { since: first }),
    ...(last === undefined ? {} : { until: last }),
  },
];

const emptyOrAbsent = ({ history, findings }: HypothesisInput): readonly Hypothesis[] =>
  emptyReports(history)
    .filter(({ inForce, missing, zeroes }) => inForce && missing.length === 0 && zeroes.length > 0)
    .flatMap(({ names, zeroes, phase }): readonly Hypothesis[] => {
      const question = `Are the credentials of phase ${phase.index} empty in the guest, or not there at all?`;
      const decideBy =
        "systemd-creds --system list   # in the guest: 0B is empty, no line is absent";
      const noWay = findings.find(
        ({ id, scope }) => id === "runner/no-secret-path" && scope.inForce,
      );
      const empty = findings.find(
        ({ id, scope }) =>
          scope.inForce && (id === "source/empty" || id === "runner/swallowed-read-error"),
      );
      return [
        {
          question,
          claim: `The guest has no credential ${listed(names)}; the 0 is what its test prints for a missing file`,
          state: noWay === undefined ? "open" : "supported",
          for:
            noWay === undefined
              ? []
              : [{ text: "the runner in force hands nothing over", evidence: noWay.evidence }],
          against:
            zeroes.length > 0
              ? [
                  {
                    text: "no shell error about a missing file stands beside the 0, though it may not reach the console",
                    evidence: zeroes,
                  },
                ]
              : [],
          decideBy,
        },
        {
          question,
          claim: "The credentials are there with 0 bytes",
          state: empty === undefined ? "open" : "supported",
          for: empty === undefined ? [] : [{ text: empty.title, evidence: empty.evidence }],
          against:
            noWay === undefined
              ? []
              : [
                  {
                    text: "nothing on the host hands a credential to this guest, not even an empty one",
                    evidence: noWay.evidence,
                  },
                ],
          decideBy,
        },
      ];
    });
