import * as v from "valibot";
import { count, evidenceId, flag, hostOfSeveral, lineId, list, text, time } from "./pieces.ts";

const shared = { id: evidenceId, host: hostOfSeveral };

const stat = v.pipe(
  v.object({
    type: text("`file`, `directory`, `symlink`, or another type of lstat(2)."),
    mode: text("The twelve permission bits, octal: `0400`."),
    uid: count("The owner."),
    gid: count("The group."),
    size: count("Bytes."),
    mtime: time("The last change of its content."),
    ctime: time("The last change of its inode."),
    birth: v.exactOptional(time("When it was made, where the file system keeps that.")),
    target: v.exactOptional(text("What a symlink holds, as written.")),
  }),
  v.title("What lstat(2) says of a path"),
);

const journal = v.pipe(
  v.object({
    ...shared,
    kind: v.literal("journal"),
    time: time("When the line was written."),
    cursor: text("For `journalctl --cursor`."),
    identifier: text("Who wrote it: SYSLOG_IDENTIFIER."),
    pid: v.exactOptional(count("The process that wrote it.")),
    uid: v.exactOptional(count("The user that this process ran as.")),
    text: text("The line; values that may be secret are masked."),
  }),
  v.title("A line of the journal"),
);

const file = v.pipe(
  v.object({
    ...shared,
    kind: v.literal("file"),
    path: text("A path of the host that was looked at."),
    absent: v.exactOptional(v.pipe(v.literal(true), v.description("Nothing is there."))),
    stat: v.exactOptional(stat),
    acl: v.exactOptional(
      text("The POSIX ACL in getfacl's short form, where it says more than the mode."),
    ),
    line: v.exactOptional(count("The line that `text` stands on, from 1.")),
    text: v.exactOptional(text("One line of a unit file or of a script in the Nix store.")),
  }),
  v.title("A path, with what lstat says of it, its absence, or a line of its text"),
);

const command = v.pipe(
  v.object({
    ...shared,
    kind: v.literal("command"),
    argv: list(v.string(), "The program with its arguments."),
    exitCode: v.pipe(
      v.nullable(v.pipe(v.number(), v.integer())),
      v.description("Its exit status; null where it could not be started."),
    ),
    text: v.exactOptional(text("What of its answer counts.")),
  }),
  v.title("A command and how it ended"),
);

const coverage = v.pipe(
  v.object({
    ...shared,
    kind: v.literal("coverage"),
    source: text("Which source was looked at."),
    text: text("What was looked at, so that nothing found means something."),
    since: v.exactOptional(time("From when on.")),
    until: v.exactOptional(time("Until when.")),
    ledger: list(lineId, "The lines of `coverage.ledger` that carry it."),
  }),
  v.title("What carries a claim that something is not there"),
);

export const evidence = v.pipe(
  v.variant("kind", [journal, file, command, coverage]),
  v.title("One observed fact, with where it comes from"),
);

export const gap = v.pipe(
  v.object({
    source: text("What could not be looked at: `journal`, `state-directory`, `nix-store`, ..."),
    reason: text("Why not, in words."),
    required: flag("Without this source, that nothing was found says nothing."),
    vm: v.exactOptional(text("The VM that it is about; absent where it is about the host.")),
    since: v.exactOptional(time("Where the gap begins.")),
    until: v.exactOptional(time("Where it ends.")),
    host: hostOfSeveral,
  }),
  v.title("A source that could not be looked at, or only in part"),
);

export const ledgerLine = v.pipe(
  v.object({
    id: lineId,
    source: text("The source that the line is about."),
    kind: text(
      "What was seen of it: `span`, `looked-at`, `head`, `sequence-hole`, `silence`, `rights`, ...",
    ),
    vm: v.exactOptional(text("The VM that it is about.")),
    boot: v.exactOptional(text("The kernel's boot id, 32 hex digits.")),
    since: v.exactOptional(time("Where it begins.")),
    until: v.exactOptional(time("Where it ends.")),
    count: v.exactOptional(count("How many entries or messages.")),
    text: text("The line in words."),
    mayHide: flag("A start of a VM, a guest's word or a fault may be there unseen."),
    host: hostOfSeveral,
  }),
  v.title("A line of what was looked at, and of what is missing"),
);
