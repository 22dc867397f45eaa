import type { AlikeStarts, Invocation, OutputLine } from "../evidence/journal.ts";
import type { OutputMeaning } from "../evidence/output.ts";
import type { JournalRef } from "../evidence/reference.ts";
import { recentAnswers } from "../host/recent-answers.ts";
import type { JournalEntry } from "../journal/entry.ts";
import { MESSAGE_ID } from "../journal/message-ids.ts";
import type { Micros, UnitName } from "../vocabulary.ts";
import { ofTheHost } from "./output/console.ts";
import { meaningsOf } from "./output/meanings.ts";
import { setupWords } from "./output/service-manager.ts";

/** One start while its lines come. */
export type StartDraft = { -readonly [Key in keyof Omit<Invocation, "alike">]: Invocation[Key] } & {
  exits: Invocation["exits"][number][];
  spawnFailures: Invocation["spawnFailures"][number][];
  lines: OutputLine[];
  alike?: AlikeStarts & { readonly begins: Micros[]; last: Micros };
};

/** A start that is still being read, and how often its output said the same thing. */
export interface Reading {
  readonly draft: StartDraft;
  /** The journal holds systemd's word on its beginning. */
  hasBegun: boolean;
  readonly said: Map<string, number>;
}

/** A guest that says the same thing a thousand times says it once for a rule; the first lines are kept. */
const LINES_KEPT_PER_MEANING = 3;
const MOST_REMEMBERED = 1000;

/** The start that an entry is the first known of. */
export const newReading = (
  { boot, invocation }: JournalEntry,
  unit: UnitName,
  ref: JournalRef,
): Reading => {
  if (invocation === undefined)
    throw new TypeError("an entry without an invocation belongs to no start");
  return {
    draft: {
      id: invocation,
      unit,
      boot,
      first: ref,
      last: ref,
      exits: [],
      spawnFailures: [],
      outputLines: 0,
      lines: [],
    },
    hasBegun: false,
    said: new Map(),
  };
};

/** Adds entries to starts. Lines of one start may come in any order: the child's words often stand before systemd's. */
export const lineAdder = (): ((reading: Reading, entry: JournalEntry, ref: JournalRef) => void) => {
  const meanings = recentAnswers(meaningsOf, MOST_REMEMBERED);
  return (reading, entry, ref) => {
    const { draft } = reading;
    if (ref.time < draft.first.time) draft.first = ref;
    if (ref.time >= draft.last.time) draft.last = ref;
    switch (entry.author) {
      case "manager":
        reading.hasBegun ||= BEGINNINGS.has(entry.messageId ?? "");
        addManagerLine(draft, entry, ref);
        return;
      case "exec-child":
        addSpawnFailure(draft, entry, ref);
        addSetupWords(draft, entry, ref);
        return;
      case "unit":
      case "other":
        addOutput(reading, entry, ref, meanings(entry.message));
        return;
      case "kernel":
    }
  };
};

const BEGINNINGS: ReadonlySet<string> = new Set([MESSAGE_ID.unitStarting, MESSAGE_ID.unitStarted]);

const addManagerLine = (draft: StartDraft, entry: JournalEntry, ref: JournalRef): void => {
  const { fields } = entry;
  switch (entry.messageId) {
    case MESSAGE_ID.unitStarted:
      draft.started = ref;
      return;
    case MESSAGE_ID.unitProcessExit:
      draft.exits.push({
        command: fields["COMMAND"] ?? "ExecStart",
        code: exitCode(fields["EXIT_CODE"]),
        status: Number(fields["EXIT_STATUS"] ?? Number.NaN),
        ref,
      });
      return;
    case MESSAGE_ID.unitFailureResult:
      draft.result = { value: fields["UNIT_RESULT"] ?? "failed", ref };
      return;
    case MESSAGE_ID.unitSuccess:
      draft.succeeded = ref;
      return;
    case MESSAGE_ID.unitRestartScheduled:
      draft.restart = ref;
      return;
    case MESSAGE_ID.unitStopping:
      draft.stopping = ref;
      return;
    case MESSAGE_ID.unitStopped:
      draft.stopped = { job: fields["JOB_TYPE"] ?? "stop", ref };
      return;
    case MESSAGE_ID.unitFailed:
      draft.failedStart = { result: fields["JOB_RESULT"] ?? "failed", ref };
      return;
    case MESSAGE_ID.spawnFailed:
      addSpawnFailure(draft, entry, ref);
      return;
    default:
  }
};

const exitCode = (text: string | undefined): "exited" | "killed" | "dumped" =>
  text === "killed" || text === "dumped" ? text : "exited";

/** The child's own sentence; it also speaks of credentials that it skips, which is no failure. */
const SET_UP = /Failed to set up credentials/iu;
const STEP = /Failed at step (?<step>[A-Z_]+) spawning/u;

const addSpawnFailure = (draft: StartDraft, entry: JournalEntry, ref: JournalRef): void => {
  const step =
    STEP.exec(entry.message)?.groups?.["step"] ??
    (SET_UP.test(entry.message) ? "CREDENTIALS" : undefined);
  if (step === undefined) return;
  const errno = Number(entry.fields["ERRNO"]);
  draft.spawnFailures.push({ step, ...(Number.isInteger(errno) ? { errno } : {}), ref });
};

/** What the child says of a credential before it gives up; it is no output of the unit. */
const addSetupWords = (draft: StartDraft, entry: JournalEntry, ref: JournalRef): void => {
  const meanings = setupWords(entry.message);
  if (meanings.length > 0) draft.lines.push({ meanings, ref });
};

const addOutput = (
  { draft, said }: Reading,
  entry: JournalEntry,
  ref: JournalRef,
  all: OutputLine["meanings"],
): void => {
  draft.outputLines += 1;
  draft.firstOutput ??= ref;
  draft.lastOutput = ref;
  if (all.length === 0) return;
  const meanings = ofTheHost(all, entry, draft.first.time).filter((meaning) => {
    const key = sentenceOf(meaning);
    const count = (said.get(key) ?? 0) + 1;
    said.set(key, count);
    return count <= LINES_KEPT_PER_MEANING;
  });
  if (meanings.length > 0) draft.lines.push({ meanings, ref });
};

const sentences = new WeakMap<OutputMeaning, string>();

/** What a meaning says, as one text. A guest that counts bytes all day long says something else each time, and is taken for the same. */
const sentenceOf = (meaning: OutputMeaning): string => {
  const known = sentences.get(meaning);
  if (known !== undefined) return known;
  const sentence =
    meaning.kind === "named-size" ? `size of ${meaning.name}` : JSON.stringify(meaning);
  sentences.set(meaning, sentence);
  return sentence;
};
