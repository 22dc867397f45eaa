import type { EvidenceRef, FileRef } from "../evidence/reference.ts";
import { UNPRINTABLE } from "./printable.ts";
import { shellWords } from "./shell-words.ts";

/**
 * The command that shows a piece of evidence again, for a shell on the host that was looked at; `undefined` where there is none, or where
 * a name holds what a page may not, or was masked. It reads what was read: the stat of a secret's file, never its content. journalctl(1): `--cursor`
 * begins with that line, `-n 1` ends there.
 */
export const showAgain = (ref: EvidenceRef): string | undefined => {
  const command = commandOf(ref);
  return command === undefined || command.search(UNPRINTABLE) !== -1 || MASK.test(command)
    ? undefined
    : command;
};

/** What stands in the place of a value: a name with it is none that a host knows. */
const MASK = /<(?:masked|hidden), \d+ bytes>/u;

const commandOf = (ref: EvidenceRef): string | undefined => {
  switch (ref.kind) {
    case "journal":
      return `journalctl --cursor=${shellWords([ref.cursor])} -n 1`;
    case "file":
      return shellWords(fileCommand(ref));
    case "command":
      return shellWords(ref.argv);
    case "coverage":
      return undefined;
  }
};

const fileCommand = ({ path, absent, acl, stat, line }: FileRef): readonly string[] => {
  if (absent === true) return ["ls", "-d", path];
  if (line !== undefined) return ["sed", "-n", `${line}p`, path];
  if (acl !== undefined) return ["getfacl", "-n", path];
  return stat?.target === undefined
    ? ["stat", "-c", "%A %u:%g %s bytes, %n", path]
    : ["readlink", path];
};
