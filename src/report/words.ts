import { stripVTControlCharacters } from "node:util";
import type { EvidenceRef, FileStat, JournalRef } from "../evidence/reference.ts";
import { formatClock, formatTime } from "../time/format-time.ts";
import { micros } from "../vocabulary.ts";
import { UNPRINTABLE } from "./printable.ts";
import { idList, type EvidenceNumbers } from "./evidence-numbers.ts";

const MOST_CHARACTERS = 2000;

/** Foreign text as one line that a terminal may show. */
export const plain = (text: string): string => {
  const clean = stripVTControlCharacters(text)
    .replaceAll(/[\t\n]+/gu, " ")
    .replaceAll(UNPRINTABLE, "");
  return clean.length > MOST_CHARACTERS ? `${clean.slice(0, MOST_CHARACTERS)}...` : clean;
};

/** Puts the moments of a sentence (`@{microseconds}`, facts/wording.ts) in, as `format` writes them. */
export const withMoments = (
  text: string,
  format: (time: ReturnType<typeof micros>) => string,
): string =>
  text.replaceAll(/@\{(\d{1,16})\}/gu, (_, time: string) => format(micros(Number(time))));

/** A sentence for people, its moments in the zone. */
export const sentence = (text: string, zone: string): string =>
  plain(withMoments(text, (time) => formatTime(time, zone)));

/** A journal line as journalctl shows it, with the host's time. */
export const journalLine = (ref: JournalRef, zone: string): string =>
  `${formatTime(ref.time, zone)} ${plain(ref.identifier)}${ref.pid === undefined ? "" : `[${ref.pid}]`}: ${plain(ref.text)}`;

/** The same without the date, for lines that stand below a date. */
export const clockLine = (ref: JournalRef, zone: string): string =>
  `${formatClock(ref.time, zone, { precision: "milliseconds" })} ${plain(ref.identifier)}${ref.pid === undefined ? "" : `[${ref.pid}]`}: ${plain(ref.text)}`;

/** One piece of evidence in one line. */
export const evidenceLine = (
  ref: EvidenceRef,
  zone: string,
  { linesOf }: Pick<EvidenceNumbers, "linesOf">,
): string => {
  switch (ref.kind) {
    case "journal":
      return journalLine(ref, zone);
    case "file":
      if (ref.absent === true) return `${plain(ref.path)}: does not exist`;
      if (ref.text !== undefined) {
        return `${plain(ref.path)}${ref.line === undefined ? "" : `:${ref.line}`}: ${plain(ref.text)}`;
      }
      return ref.stat === undefined
        ? plain(ref.path)
        : `${plain(ref.path)}: ${statLine(ref.stat)}${ref.acl === undefined ? "" : `, ACL ${ref.acl}`}`;
    case "command":
      return `\`${plain(shortCommand(ref.argv))}\` ended with ${ref.exitCode ?? "no status"}${ref.text === undefined ? "" : `: ${plain(ref.text)}`}`;
    case "coverage": {
      const from = ref.since === undefined ? "" : ` from ${formatTime(ref.since, zone)}`;
      const to = ref.until === undefined ? "" : ` to ${formatTime(ref.until, zone)}`;
      return `coverage of the ${plain(ref.source)}${from}${to}: ${plain(ref.text)} [${idList(linesOf(ref))}]`;
    }
  }
};

const MOST_ARGUMENTS = 6;
const shortCommand = (argv: readonly string[]): string =>
  argv.length > MOST_ARGUMENTS
    ? `${argv.slice(0, MOST_ARGUMENTS).join(" ")} ... (${argv.length - MOST_ARGUMENTS} more)`
    : argv.join(" ");

const statLine = (stat: FileStat): string => {
  if (stat.target !== undefined) return `link to ${plain(stat.target)}`;
  const size = stat.type === "file" ? `, ${stat.size} bytes` : "";
  return `${stat.type} ${stat.mode.toString(8).padStart(4, "0")} ${stat.uid}:${stat.gid}${size}`;
};

/** What stands in the place of VMs where there is none to show. */
export const withoutVms = ({ unreachable }: { readonly unreachable?: string }): string =>
  unreachable === undefined ? "No VM was found." : `Nothing is known: ${plain(unreachable)}.`;
