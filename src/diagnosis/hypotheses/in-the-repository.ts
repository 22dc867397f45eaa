import type { RepositoryCommit } from "../../evidence/configuration-repository.ts";
import { valueOf } from "../../evidence/evidence.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import { declaredRunner, type DeclaredRunner } from "../../facts/configuration.ts";
import type { Phase } from "../../facts/history.ts";
import { ownNames } from "../../facts/origin.ts";
import { listed, moment } from "../../facts/wording.ts";
import type { Argument, Hypothesis } from "../finding.ts";
import { argue, shellWord, stateOf, when, type HypothesisInput } from "./input.ts";

type Row = Omit<Hypothesis, "topic" | "question">;

const MOST_COMMITS = 3;

/** Where the configuration of a runner can stand: four rows, each decided by the repository alone. */
export const inTheRepository = (input: HypothesisInput, phase: Phase): readonly Row[] => {
  const repository = valueOf(input.evidence.configurationRepository);
  const found = repository === undefined ? undefined : declaredRunner(repository);
  const at = repository === undefined ? "" : ` -C ${shellWord(repository.directory)}`;
  const text = found?.texts[0] ?? ownNamesOf(input)[0] ?? "CREDENTIALS_DIRECTORY";
  const ask = (command: string): string =>
    repository === undefined
      ? `mvdoctor diagnose ${shellWord(input.vm)} --flake DIR`
      : `git${at} ${command}`;
  const searched = repository?.searched;
  const row = (
    claim: string,
    commits: (one: DeclaredRunner) => readonly RepositoryCommit[],
    command: string,
  ): Row => {
    const here = found === undefined ? [] : commits(found);
    const ruledOut = found !== undefined && here.length === 0 && found.whole;
    return {
      claim,
      state: stateOf(here.length > 0, ruledOut),
      for: here.slice(0, MOST_COMMITS).map((commit) => commitArgument(commit, phase)),
      against: when(ruledOut, () =>
        argue(
          "the repository was searched, and holds no such commit",
          ...(searched === undefined ? [] : [searched]),
        ),
      ),
      decideBy: ask(command),
    };
  };
  return [
    row(
      "A commit of the branch that is checked out declared it",
      ({ onBranch }) => onBranch,
      `log -p -G${shellWord(text)} HEAD`,
    ),
    row(
      "It stands on another branch, or in a commit that only a reflog still knows",
      ({ elsewhere }) => elsewhere,
      `log --all --reflog --not HEAD --source -G${shellWord(text)}`,
    ),
    row("It lies in a stash", ({ stashed }) => stashed, `stash list -p -G${shellWord(text)}`),
    neverCommitted(found, repository?.status, ask(`grep --untracked -l ${shellWord(text)}`)),
  ];
};

const ownNamesOf = ({ evidence }: HypothesisInput): readonly string[] =>
  ownNames(valueOf(evidence.store), valueOf(evidence.generations));

const commitArgument = (commit: RepositoryCommit, phase: Phase): Argument => {
  const where =
    commit.stash === undefined
      ? commit.refs.length === 0
        ? "that no branch holds"
        : `on ${listed(commit.refs.slice(0, 3))}`
      : `of stash ${commit.stash}`;
  const late =
    commit.committed > phase.start
      ? "; that is after the phase began, so until then it was not committed, or not yet written"
      : "";
  return argue(
    `commit ${commit.hash.slice(0, 12)} ${where} has it in ${listed(commit.files.slice(0, 3))}, committed at ${moment(commit.committed)}${late}`,
    commit.ref,
  );
};

/** What was never committed and is gone from the work tree leaves no trace: this cannot be ruled out. */
const neverCommitted = (
  found: DeclaredRunner | undefined,
  status: EvidenceRef | undefined,
  decideBy: string,
): Row => {
  const files = found?.uncommitted ?? [];
  const refs = status === undefined ? [] : [status];
  return {
    claim: "It was never committed",
    state: stateOf(files.length > 0, false),
    for: when(files.length > 0, () =>
      argue(`${listed(files.slice(0, 3))} of the work tree has it, and HEAD does not`, ...refs),
    ),
    against: when(found !== undefined && files.length === 0, () =>
      argue(
        "no changed file of the work tree has it now; what was written and discarded leaves no trace",
        ...refs,
      ),
    ),
    decideBy,
  };
};
