import { valueOf } from "../../evidence/evidence.ts";
import type { Invocation } from "../../evidence/journal.ts";
import type { EvidenceRef, FileRef, FileStat, JournalRef } from "../../evidence/reference.ts";
import type { PathWalk } from "../../evidence/secret-files.ts";
import type { Phase } from "../../facts/history.ts";
import { isSecretPlace } from "../../facts/secrets.ts";
import { meaningsIn } from "../../facts/starts.ts";
import { listed, moment } from "../../facts/wording.ts";
import type { HostPath, Micros } from "../../vocabulary.ts";
import type { Hypothesis } from "../finding.ts";
import { argue, shellWord, stateOf, when, type HypothesisInput } from "./input.ts";

const MOST_PATHS = 3;

/** Why starts found no file where a secret belongs: it came later, nobody makes it, or it lies elsewhere. */
export const missingOrLate = (input: HypothesisInput): readonly Hypothesis[] => {
  const phase = input.history.phases.findLast(({ starts }) => starts.length > 0);
  if (phase === undefined) return [];
  return absences(phase, input)
    .slice(0, MOST_PATHS)
    .flatMap((absence) => {
      const question = `Why did phase ${phase.index} find nothing at ${absence.path}?`;
      return [late(absence, input), unmade(absence, input), elsewhere(absence, input)].map(
        (row) => ({ topic: "missing-file", question, ...row }),
      );
    });
};

/** A path that starts of one phase did not find. */
interface Absence {
  readonly path: HostPath;
  readonly first: Invocation;
  readonly last: Invocation;
  readonly ref: JournalRef;
  readonly walk: PathWalk | undefined;
}

type Row = Omit<Hypothesis, "topic" | "question">;

const absences = (phase: Phase, { evidence }: HypothesisInput): readonly Absence[] => {
  const files = valueOf(evidence.secretFiles);
  const sources = (valueOf(evidence.unit)?.credentials ?? []).flatMap(({ source }) => source ?? []);
  const found = new Map<HostPath, Absence>();
  const add = (path: HostPath, start: Invocation, ref: JournalRef): void => {
    const known = found.get(path);
    found.set(path, {
      path,
      first: known?.first ?? start,
      last: start,
      ref: known?.ref ?? ref,
      walk: files?.walks.get(path),
    });
  };
  for (const start of phase.starts) {
    for (const { meaning, ref } of meaningsIn(start, "no-such-file"))
      if (isSecretPlace(meaning.path) || sources.includes(meaning.path))
        add(meaning.path, start, ref);
    // systemd does not say which source it missed: the one that is not there, where only one is named or missing.
    const missing = sources.filter((path) => files?.walks.get(path)?.end === "absent");
    const [only] = missing.length > 0 ? missing : sources.length === 1 ? sources : [];
    const failure = start.spawnFailures.find(({ step }) => step === "CREDENTIALS");
    if (failure !== undefined && only !== undefined) add(only, start, failure.ref);
  }
  return [...found.values()];
};

const late = ({ first, last, walk, ref }: Absence, input: HypothesisInput): Row => {
  const { boots } = input.hostJournal;
  const boot = boots.find(({ id }) => id === first.boot);
  const installs = installsIn(input).filter(
    ({ time }) => boot === undefined || (time >= boot.first && time <= boot.last),
  );
  const before = installs.filter(({ time }) => time <= first.first.time);
  const after = installs.filter(({ time }) => time > first.first.time);
  const file = walk?.end === "present" ? walk.file : undefined;
  const written = file === undefined ? undefined : writtenAt(file.stat, input.hostJournal.last);
  const madeLater = written !== undefined && written > last.first.time;
  const stoodThere = walk?.end === "present" && stoodBefore(walk, first.first.time);
  return {
    claim: "It was made only after the VM had started: an order between the two is missing",
    state: stateOf(
      madeLater || (after.length > 0 && before.length === 0),
      stoodThere || (before.length > 0 && after.length === 0),
    ),
    for: [
      ...when(madeLater, () =>
        argue(
          `the file was written at ${moment(written ?? last.first.time)}, after the last start that missed it`,
          ...(walk === undefined ? [] : [walk.ref]),
          ref,
        ),
      ),
      ...after
        .slice(0, 1)
        .map((one) =>
          argue(`secrets were installed at ${moment(one.time)}, after the start`, one.ref, ref),
        ),
    ],
    against: [
      ...when(stoodThere, () =>
        argue(
          "the file, and every link to it, has not changed since before the start",
          ...(walk === undefined ? [] : [walk.ref]),
        ),
      ),
      ...before
        .slice(-1)
        .map((one) =>
          argue(`secrets were installed at ${moment(one.time)}, before the start`, one.ref),
        ),
    ],
    decideBy: `journalctl -o short-precise -u microvm@${shellWord(input.vm)}.service -u sops-install-secrets.service`,
  };
};

const installsIn = ({
  evidence,
  hostJournal,
}: HypothesisInput): readonly { readonly time: Micros; readonly ref: JournalRef }[] =>
  [
    ...(valueOf(evidence.installation)?.events ?? []).flatMap(({ word, time, ref }) =>
      word.kind === "finished" ? [{ time, ref }] : [],
    ),
    ...hostJournal.events.flatMap((event) =>
      event.kind === "secrets-installed" ? [{ time: event.ref.time, ref: event.ref }] : [],
    ),
  ].toSorted((a, b) => a.time - b.time);

/** By mtime, which a copy keeps; one that lies behind the journal's end says nothing of its story. */
const writtenAt = ({ mtime }: FileStat, end: Micros | undefined): Micros | undefined =>
  end !== undefined && mtime <= end ? mtime : undefined;

/** By ctime, which nobody can set back: the file is the same, and its links lead to it, since before `time`. */
const stoodBefore = ({ components, file }: PathWalk, time: Micros): boolean =>
  components
    .filter((one) => one === file || one.stat.type === "symlink")
    .every(({ stat }) => stat.ctime < time);

const unmade = ({ path, walk, ref }: Absence, { evidence }: HypothesisInput): Row => {
  const installation = valueOf(evidence.installation);
  const units = valueOf(evidence.otherUnits)?.units;
  const makers: readonly FileRef[] = [
    ...(installation?.declared ?? []).filter((one) => one.path === path).map((one) => one.ref),
    ...(units ?? []).filter(({ makes }) => makes.includes(path)).flatMap((one) => one.ref ?? []),
  ];
  const isThere = walk?.end === "present";
  const isAbsent = walk?.end === "absent";
  const looked = installation !== undefined && units !== undefined;
  return {
    claim: "Nothing on this host makes it",
    state: stateOf(isAbsent && looked && makers.length === 0, isThere || makers.length > 0),
    for: when(isAbsent, () =>
      argue(
        `it is still not there${looked && makers.length === 0 ? ", and neither an installer of secrets nor a unit that was looked at names it" : ""}`,
        ...(walk === undefined ? [] : [walk.ref]),
        ref,
      ),
    ),
    against: [
      ...when(isThere, () => argue("it is there now", ...(walk === undefined ? [] : [walk.ref]))),
      ...makers.slice(0, 2).map((maker) => argue(`${maker.path} is to make it`, maker)),
    ],
    decideBy: `grep -rlF ${shellWord(path)} /run/current-system/activate /etc/systemd/system`,
  };
};

const elsewhere = ({ path, ref }: Absence, { evidence }: HypothesisInput): Row => {
  const roots = valueOf(evidence.installation)?.roots ?? [];
  const name = path.slice(path.lastIndexOf("/") + 1);
  const others = roots
    .flatMap(({ files }) => [...files])
    .filter(([other]) => other !== path && other.endsWith(`/${name}`));
  const listedAll =
    roots.length > 0 && roots.every(({ unlisted, state }) => !unlisted && state !== "denied");
  const places: readonly EvidenceRef[] = roots.map((root) => root.ref);
  return {
    claim: "The secret lies under another path",
    state: stateOf(others.length > 0, listedAll && others.length === 0),
    for: others
      .slice(0, MOST_PATHS)
      .map(([other, file]) => argue(`there is ${other}, of the same name`, file, ref)),
    against: when(listedAll && others.length === 0, () =>
      argue(`${listed(roots.map((root) => root.path))} hold no other file of that name`, ...places),
    ),
    decideBy: `find -L ${(roots.length === 0 ? ["/run/secrets"] : roots.map((root) => root.path)).join(" ")} -name ${shellWord(name)}`,
  };
};
