import * as v from "valibot";
import { REDACTABLE } from "../../vocabulary.ts";
import { COMMAND_FAILURES, PROGRAMS } from "../host.ts";

export const BUNDLE_SCHEMA = "mvdoctor-bundle";
export const BUNDLE_VERSION = 1;
export const MANIFEST = "manifest.json";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** What every member of a bundle has: where it lies, how large it is (bytes), and its SHA-256 as hex digits. */
const member = {
  member: v.pipe(
    v.string(),
    v.regex(/^hosts\/\d+\/(?:files\.json|(?:text|command|journal)\/\d+)$/u),
  ),
  bytes: count,
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/u)),
};

const command = {
  program: v.picklist(PROGRAMS),
  args: v.array(v.string()),
  exitCode: v.nullable(v.number()),
  stderr: v.string(),
  failure: v.exactOptional(v.picklist(COMMAND_FAILURES)),
  milliseconds: count,
  /** Why not all of what the command had to say is here. */
  cut: v.nullable(v.string()),
};

const source = v.variant("kind", [
  /** Answers of lstat(2) and readdir(3), and what became of texts that were not read. */
  v.object({ kind: v.literal("files"), ...member }),
  /** A file of a public kind; `cut` where it is longer than what is read of it. */
  v.object({
    kind: v.literal("text"),
    path: v.pipe(v.string(), v.startsWith("/")),
    cut: v.nullable(v.string()),
    ...member,
  }),
  v.object({ kind: v.literal("command"), ...command, ...member }),
  /** Entries as `journalctl -o json` prints them, a line each. */
  v.object({ kind: v.literal("journal"), ...command, ...member }),
]);

const host = v.object({
  origin: v.string(),
  kind: v.picklist(["live", "root", "bundle"]),
  ownJournal: v.boolean(),
  /** Why nothing could be asked of it. */
  unreachable: v.exactOptional(v.string()),
  /** What could not be looked at of the place that it was found in. */
  missing: v.exactOptional(v.array(v.string())),
  /** The VMs that were looked at. */
  vms: v.array(v.string()),
  /** No VM was named: these are all that were found. */
  everyVm: v.boolean(),
  /** The span that was asked for, in microseconds since the epoch. */
  window: v.object({
    since: v.exactOptional(count),
    until: v.exactOptional(count),
    boot: v.exactOptional(v.string()),
  }),
  sources: v.array(source),
});

/** The first member of a bundle: who made it, when, of what, and each source with how it was asked. */
export const manifest = v.object({
  schema: v.literal(BUNDLE_SCHEMA),
  version: v.literal(BUNDLE_VERSION),
  tool: v.object({ name: v.string(), version: v.string() }),
  collected: v.string(),
  interrupted: v.boolean(),
  /** What of hosts, users and paths carries other names here. */
  redacted: v.array(v.picklist(REDACTABLE)),
  hosts: v.pipe(v.array(host), v.minLength(1)),
});

export type Manifest = v.InferOutput<typeof manifest>;
export type Source = v.InferOutput<typeof source>;
