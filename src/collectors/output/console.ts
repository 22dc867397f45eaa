import type { OutputMeaning } from "../../evidence/output.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import type { Micros } from "../../vocabulary.ts";

/** By the first word that only a guest says: from there on the console is the guest's. */
const GUEST: ReadonlySet<OutputMeaning["kind"]> = new Set([
  "guest-kernel",
  "credential-size",
  "credentials-received",
]);

/** What is the host's own only where a process of the host says it: its files, and the variables of its scripts. */
const OF_ITS_SPEAKER: ReadonlySet<OutputMeaning["kind"]> = new Set([
  "permission-denied",
  "no-such-file",
  "unbound-variable",
]);

/** Names of VMM processes, cut to the 15 characters that the kernel keeps (proc(5), comm). */
const VMM =
  /^(?:qemu-system|qemu-kvm|cloud-hyper|firecracker|crosvm|lkvm|stratovirt|alioth|vfkit)/u;
/** A program that names itself as its first word: no VMM of that name writes so of another. */
const OF_A_PROGRAM = /^(?:\S+\[\d+\]: )?(?<program>[a-z][\w.-]*): /u;

/** No guest's programs run within a second of the start. */
const SOONEST_GUEST = 1_000_000;

export const beginsGuest = (meanings: readonly OutputMeaning[]): boolean =>
  meanings.some(({ kind }) => GUEST.has(kind));

/**
 * What a line of a VM's unit says of the host. The guest's console goes through the VMM's own output: once the guest has spoken, or where
 * the VMM's process writes the complaint of another program, the files that are missing or refused are the guest's.
 */
export const ofTheHost = (
  meanings: readonly OutputMeaning[],
  { message, fields, time }: Pick<JournalEntry, "message" | "fields" | "time">,
  { began, guestHasSpoken }: { readonly began: Micros; readonly guestHasSpoken: boolean },
): readonly OutputMeaning[] => {
  const comm = fields["_COMM"] ?? "";
  const program = OF_A_PROGRAM.exec(message)?.groups?.["program"];
  const isThrough =
    VMM.test(comm) &&
    program !== undefined &&
    !program.startsWith(comm) &&
    time - began > SOONEST_GUEST;
  return guestHasSpoken || isThrough
    ? meanings.filter(({ kind }) => !OF_ITS_SPEAKER.has(kind))
    : meanings;
};
