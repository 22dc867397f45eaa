import { collected, unavailable, type Collected } from "../evidence/evidence.ts";
import type { KernelLog, MacDenial, OomKill } from "../evidence/kernel-log.ts";
import type { JournalRef } from "../evidence/reference.ts";
import type { Host } from "../host/host.ts";
import { journalRef, type JournalEntry } from "../journal/entry.ts";
import { kernelMatches } from "../journal/matches.ts";
import { MESSAGE_ID } from "../journal/message-ids.ts";
import { readEntries, type Window } from "../journal/read.ts";
import { hostPath, unitName } from "../vocabulary.ts";

/** A host under attack or in trouble can log without end; the first of each kind are enough for a cause. */
const MOST_KEPT = 1000;

/** Refusals of SELinux and AppArmor, and kills for want of memory, of the whole host. */
export const collectKernelLog = async (
  host: Host,
  window: Window,
): Promise<Collected<KernelLog>> => {
  const denials: MacDenial[] = [];
  const kills: OomKill[] = [];
  const read = await readEntries(host, kernelMatches(), window, (entry) => {
    const ref = journalRef(entry);
    const denial = macDenial(entry.message, ref);
    if (denial !== undefined && denials.length < MOST_KEPT) denials.push(denial);
    const kill = oomKill(entry, ref);
    if (kill !== undefined && kills.length < MOST_KEPT) kills.push(kill);
  });
  return read.failure !== undefined && read.entries === 0
    ? unavailable("failed", read.failure)
    : collected({
        denials,
        kills,
        ...(read.malformed === 0
          ? {}
          : { problem: `${read.malformed} lines about the kernel could not be understood` }),
      });
};

/** `key=value` and `key="value"` of an audit record. */
const auditFields = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(/\b(?<key>\w+)=(?:"(?<quoted>[^"]*)"|(?<bare>[^\s"]+))/gu)].flatMap(
      ({ groups }) =>
        groups?.["key"] === undefined
          ? []
          : [[groups["key"], groups["quoted"] ?? groups["bare"] ?? ""] as const],
    ),
  );

const SELINUX = /\bavc:\s+denied\s+\{\s*(?<operation>[^}]+?)\s*\}/u;
const APPARMOR = /\bapparmor="(?:DENIED|ALLOWED)"/u;

/** An AVC record of SELinux (avc(3)) or a DENIED record of AppArmor (apparmor(7)); `undefined` for any other line. */
const macDenial = (text: string, ref: JournalRef): MacDenial | undefined => {
  const selinux = SELINUX.exec(text);
  if (selinux === null && !APPARMOR.test(text)) return undefined;
  const fields = auditFields(text);
  const pid = Number(fields.get("pid"));
  const path = fields.get("path") ?? (selinux === null ? fields.get("name") : undefined);
  const name = fields.get("name");
  const program = fields.get("comm");
  const operation = selinux?.groups?.["operation"] ?? fields.get("operation");
  const label = selinux === null ? fields.get("profile") : fields.get("tcontext");
  return {
    module: selinux === null ? "apparmor" : "selinux",
    ref,
    permitted:
      selinux === null ? fields.get("apparmor") === "ALLOWED" : fields.get("permissive") === "1",
    ...(operation === undefined ? {} : { operation }),
    ...(path?.startsWith("/") ? { path: hostPath(path) } : {}),
    ...(name === undefined ? {} : { name }),
    ...(program === undefined ? {} : { program }),
    ...(Number.isSafeInteger(pid) && pid > 0 ? { pid } : {}),
    ...(label === undefined ? {} : { label }),
  };
};

const KILLED = /Killed process (?<pid>\d+) \((?<program>[^)]*)\)/u;
const CONTROL_GROUP = /(?:task_memcg=|\bkilled )\S*?\/?(?<unit>[\w@:.\\-]+\.service)/iu;

/** The kernel's own line (mm/oom_kill.c), its `oom-kill:constraint=...` record, and systemd-oomd's. */
const oomKill = (entry: JournalEntry, ref: JournalRef): OomKill | undefined => {
  const isKill =
    entry.messageId === MESSAGE_ID.kernelOutOfMemory ||
    entry.messageId === MESSAGE_ID.oomdKill ||
    (entry.author === "kernel" && /^(?:.*[Oo]ut of memory: |oom-kill:)/u.test(entry.message));
  if (!isKill) return undefined;
  const killed = KILLED.exec(entry.message)?.groups;
  const unit = entry.unit ?? CONTROL_GROUP.exec(entry.message)?.groups?.["unit"];
  return {
    ref,
    ...(killed?.["program"] === undefined ? {} : { program: killed["program"] }),
    ...(killed?.["pid"] === undefined ? {} : { pid: Number(killed["pid"]) }),
    ...(unit === undefined ? {} : { unit: unitName(unit) }),
  };
};
