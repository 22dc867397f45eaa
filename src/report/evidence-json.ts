import type { EvidenceRef, FileStat } from "../evidence/reference.ts";
import { formatUtc } from "../time/format-time.ts";
import type { EvidenceNumbers } from "./evidence-numbers.ts";
import type { evidence } from "./schema/evidence.ts";
import type { Written } from "./schema/pieces.ts";
import { plain } from "./words.ts";

/** Everything that was cited, by number. */
export const jsonCited = (numbers: EvidenceNumbers): readonly JsonEvidence[] =>
  numbers.cited().map(({ id, ref }) => jsonEvidence(id, ref, numbers));

type JsonEvidence = Written<typeof evidence>;

/** Evidence with its own words; control characters of others are dropped, here too. */
const jsonEvidence = (id: string, ref: EvidenceRef, numbers: EvidenceNumbers): JsonEvidence => {
  switch (ref.kind) {
    case "journal":
      return {
        id,
        kind: ref.kind,
        time: formatUtc(ref.time),
        cursor: ref.cursor,
        identifier: plain(ref.identifier),
        ...(ref.pid === undefined ? {} : { pid: ref.pid }),
        ...(ref.uid === undefined ? {} : { uid: ref.uid }),
        text: plain(ref.text),
      };
    case "file":
      return {
        id,
        kind: ref.kind,
        path: ref.path,
        ...(ref.absent === true ? { absent: true } : {}),
        ...(ref.stat === undefined ? {} : { stat: jsonStat(ref.stat) }),
        ...(ref.acl === undefined ? {} : { acl: ref.acl }),
        ...(ref.line === undefined ? {} : { line: ref.line }),
        ...(ref.text === undefined ? {} : { text: plain(ref.text) }),
      };
    case "command":
      return {
        id,
        kind: ref.kind,
        argv: ref.argv,
        exitCode: ref.exitCode,
        ...(ref.text === undefined ? {} : { text: plain(ref.text) }),
      };
    case "coverage":
      return {
        id,
        kind: ref.kind,
        source: ref.source,
        text: plain(ref.text),
        ...(ref.since === undefined ? {} : { since: formatUtc(ref.since) }),
        ...(ref.until === undefined ? {} : { until: formatUtc(ref.until) }),
        ledger: numbers.linesOf(ref),
      };
  }
};

const jsonStat = (stat: FileStat) => ({
  type: stat.type,
  mode: stat.mode.toString(8).padStart(4, "0"),
  uid: stat.uid,
  gid: stat.gid,
  size: stat.size,
  mtime: formatUtc(stat.mtime),
  ctime: formatUtc(stat.ctime),
  ...(stat.birth === undefined ? {} : { birth: formatUtc(stat.birth) }),
  ...(stat.target === undefined ? {} : { target: plain(stat.target) }),
});
