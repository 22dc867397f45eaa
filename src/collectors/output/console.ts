import { stripVTControlCharacters } from "node:util";
import type { OutputLine } from "../../evidence/journal.ts";
import type { OutputMeaning } from "../../evidence/output.ts";
import type { JournalRef } from "../../evidence/reference.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import type { Micros } from "../../vocabulary.ts";
import { isGuestLine } from "./guest-line.ts";

type Kinds = ReadonlySet<OutputMeaning["kind"]>;

/** By the first word that only a guest says: from there on the console is the guest's. */
const OF_A_GUEST: Kinds = new Set(["guest-kernel", "credential-size", "credentials-received"]);
/** What is the host's own only where a process of the host says it: its files, and the variables of its scripts. */
const OF_ITS_SPEAKER: Kinds = new Set(["permission-denied", "no-such-file", "unbound-variable"]);
/** What a script counts before it becomes the VMM is no guest's word. */
const OF_NO_SCRIPT: Kinds = new Set(["credential-size", "named-size"]);

/** Names of processes, cut to the 15 characters that the kernel keeps (proc(5), comm). */
const SCRIPT = /^(?:microvm-run|(?:ba|da)?sh)$/u;
const VMM =
  /^(?:qemu-system|qemu-kvm|cloud-hyper|firecracker|crosvm|lkvm|stratovirt|alioth|vfkit)/u;
/** A program that names itself as its first word: no VMM of that name writes so of another. */
const OF_A_PROGRAM = /^(?:\S+\[\d+\]: )?(?<program>[a-z][\w.-]*): /u;
/** QEMU puts the name that it was started under before what it says itself: `microvm@NAME: -fw_cfg ...`. */
const OF_QEMU = /^(?:microvm@[^\s:]+|[\w./-]*qemu[\w-]*): /u;

/** No guest's programs run within a second of the start. */
const SOONEST_GUEST = 1_000_000;

/**
 * What a line of a VM's unit says, without what its writer cannot have meant: a script speaks for no guest, and where the VMM's process
 * writes the complaint of another program, that program runs in the guest.
 */
export const ofTheHost = (
  meanings: readonly OutputMeaning[],
  { message, fields, time }: Pick<JournalEntry, "message" | "fields" | "time">,
  began: Micros,
): readonly OutputMeaning[] => {
  const comm = fields["_COMM"] ?? "";
  if (SCRIPT.test(comm) && !isGuestLine(plain(message))) return without(OF_NO_SCRIPT, meanings);
  const program = OF_A_PROGRAM.exec(message)?.groups?.["program"];
  const isThrough =
    VMM.test(comm) &&
    program !== undefined &&
    !program.startsWith(comm) &&
    time - began > SOONEST_GUEST;
  return isThrough ? without(OF_ITS_SPEAKER, meanings) : meanings;
};

/**
 * The console of a guest stands in the journal under the VM's unit, written by the process that the runner became. A path that the guest
 * misses there, or may not read, is one of its own and none of the host's.
 */
export const withoutGuestFiles = (lines: readonly OutputLine[], isOlder: boolean): OutputLine[] => {
  const first = lines.find(({ meanings }) =>
    meanings.some(({ kind }) => OF_A_GUEST.has(kind)),
  )?.ref;
  return lines.flatMap((line) => {
    if (!isOfGuest(line.ref, first, isOlder)) return [line];
    const meanings = without(OF_ITS_SPEAKER, line.meanings);
    return meanings.length === 0 ? [] : [{ ...line, meanings }];
  });
};

const plain = (text: string): string => stripVTControlCharacters(text);

const without = (kinds: Kinds, meanings: readonly OutputMeaning[]): readonly OutputMeaning[] =>
  meanings.filter(({ kind }) => !kinds.has(kind));

/** Behind the guest's first word its console has the line, where another process did not write it. */
const isOfGuest = (
  { text, time, pid }: JournalRef,
  first: JournalRef | undefined,
  isOlder: boolean,
): boolean => {
  if (isGuestLine(plain(text))) return true;
  if (OF_QEMU.test(text)) return false;
  // A VM whose start is older than the journal has left its runner behind.
  if (first === undefined) return isOlder;
  return time >= first.time && (pid === undefined || first.pid === undefined || pid === first.pid);
};
