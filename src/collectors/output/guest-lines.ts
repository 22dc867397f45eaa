import { stripVTControlCharacters } from "node:util";

import type { OutputLine } from "../../evidence/journal.ts";
import type { OutputMeaning } from "../../evidence/output.ts";
import type { JournalRef } from "../../evidence/reference.ts";

/** The kernel's clock, or the mark that systemd puts before a unit on a console. */
const GUEST_MARK = /^\s*\[\s*(?:\d+\.\d+|OK|FAILED|DEPEND|INFO)\s*\]/u;
/** QEMU puts the name that it was started under before what it says itself: `microvm@NAME: -fw_cfg ...`. */
const OWN_PREFIX = /^(?:microvm@[^\s:]+|[\w./-]*qemu[\w-]*): /u;

/**
 * The console of a guest stands in the journal under the VM's unit, written by the process that the runner became. A path that the guest
 * misses there, or may not read, is one of its own and none of the host's.
 */
export const withoutGuestFiles = (lines: readonly OutputLine[], isOlder: boolean): OutputLine[] => {
  const first = lines.find(({ meanings }) => meanings.some(isGuestWord))?.ref;
  return lines.flatMap((line) => {
    if (!isOfGuest(line.ref, first, isOlder)) return [line];
    const meanings = line.meanings.filter(
      ({ kind }) => kind !== "permission-denied" && kind !== "no-such-file",
    );
    return meanings.length === 0 ? [] : [{ ...line, meanings }];
  });
};

const isGuestWord = ({ kind }: OutputMeaning): boolean =>
  kind === "guest-kernel" || kind === "credential-size" || kind === "credentials-received";

/** Behind the guest's first word its console has the line, where another process did not write it. */
const isOfGuest = (
  { text, time, pid }: JournalRef,
  first: JournalRef | undefined,
  isOlder: boolean,
): boolean => {
  if (GUEST_MARK.test(stripVTControlCharacters(text))) return true;
  if (OWN_PREFIX.test(text)) return false;
  // A VM whose start is older than the journal has left its runner behind.
  if (first === undefined) return isOlder;
  return time >= first.time && (pid === undefined || first.pid === undefined || pid === first.pid);
};
