import type { Invocation } from "../evidence/journal.ts";
import type { EvidenceRef, FileRef, JournalRef } from "../evidence/reference.ts";
import { collectionBefore } from "../facts/collections.ts";
import type { Knowledge } from "../facts/facts.ts";
import { meaningsIn } from "../facts/starts.ts";
import { beforeGuest, troubleIn, type Sign } from "../facts/vmm-troubles.ts";
import { moment } from "../facts/wording.ts";
import type { Observation } from "./rule.ts";
import { nonEmpty } from "./scope.ts";

export const collectedAt = (collection: JournalRef | undefined): string =>
  collection === undefined
    ? ""
    : ` The journal shows a garbage collection at ${moment(collection.time)}, which takes what no root keeps.`;

type Known = Pick<Knowledge, "state"> &
  Partial<Pick<Knowledge, "history" | "hostJournal" | "runnerNeeds" | "secretFiles">>;

/** The runner is there, and starts fail over something of the store that it names and that is gone: an image, the VMM, its interpreter. */
export function* goneFromStore({
  state,
  history,
  hostJournal,
  secretFiles,
  runnerNeeds,
}: Known): Iterable<Observation> {
  const interpreter = runnerNeeds?.interpreter;
  const gone = new Map<string, FileRef>(
    [...(secretFiles?.walks.values() ?? [])]
      .filter(({ end, path }) => end === "absent" && path.startsWith("/nix/store/"))
      .map(({ path, ref }) => [path, ref]),
  );
  const signs = (start: Invocation): readonly Sign[] => [
    ...beforeGuest(start, meaningsIn(start, "no-such-file"))
      .filter(({ meaning }) => gone.has(meaning.path))
      .map(({ ref, meaning }) => ({ ref, meaning: { object: meaning.path } })),
    ...(interpreter?.absent === true && interpreter.path.startsWith("/nix/store/")
      ? start.spawnFailures
          .filter(({ step }) => step === "EXEC")
          .map(({ ref }) => ({ ref, meaning: { object: interpreter.path } }))
      : []),
  ];
  for (const phase of history?.phases ?? []) {
    if (history === undefined) return;
    for (const trouble of troubleIn(history, phase, signs)) {
      const path = trouble.object ?? "a store path";
      const collection = collectionBefore(hostJournal, trouble.first.time);
      yield {
        title: `${path} is gone from the store`,
        explanation:
          `The runner in force names ${path}, and it does not exist: no root kept it, or the store was changed behind Nix. ${state.path}/current itself is there.` +
          collectedAt(collection),
        certainty: "proven",
        ...(trouble.standing === "over" ? { severity: "info" as const } : {}),
        subject: { path },
        evidence: nonEmpty<EvidenceRef>(
          trouble.last,
          ...[gone.get(path), path === interpreter?.path ? interpreter : undefined].flatMap(
            (ref) => ref ?? [],
          ),
          ...(collection === undefined ? [] : [collection]),
        ),
        scope: {
          phase: phase.index,
          starts: trouble.starts,
          inForce: trouble.standing === "down",
        },
      };
    }
  }
}
