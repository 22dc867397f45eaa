import type { Request } from "../requests/request.ts";

type Listener = NonNullable<Request["listener"]>;
type Question = Parameters<Listener>[0];

/** A question that is being answered, so far; spans in milliseconds. */
export interface Reading {
  readonly question: Question;
  readonly took: number;
  readonly entries: number;
  /** How much of the journal's span lies behind: from 0 to 1; absent where nobody knows. */
  readonly share?: number;
}

/** Keeps what is asked and not answered yet. `now` gives milliseconds of a clock that never goes back. */
export const readingsOf = (
  now: () => number,
): { readonly listener: Listener; readonly now: () => readonly Reading[] } => {
  const open = new Set<() => Reading>();
  return {
    now: () => [...open].map((reading) => reading()),
    listener(question) {
      const began = now();
      const { span } = question;
      let entries = 0;
      let newest = 0;
      const reading = (): Reading => ({
        question,
        took: now() - began,
        entries,
        ...(span === undefined || span.last <= span.first || newest <= span.first
          ? {}
          : { share: Math.min(1, (newest - span.first) / (span.last - span.first)) }),
      });
      open.add(reading);
      return {
        read(more, last) {
          entries += more;
          newest = last ?? newest;
        },
        ended: () => open.delete(reading),
      };
    },
  };
};

/**
 * What is being read, in one line of ASCII that is shorter than `columns`: of several things the one that has brought most, or lasts
 * longest; with its host where several are asked.
 */
export const progressWords = (readings: readonly Reading[], columns: number): string => {
  const [most] = readings.toSorted((a, b) => b.entries - a.entries || b.took - a.took);
  const origins = new Set(readings.map(({ question }) => question.origin));
  const where = most === undefined || origins.size < 2 ? "" : `, on ${most.question.origin}`;
  const words = `mvdoctor: ${most === undefined ? "working" : readingWords(most)}${where}`;
  return words.replaceAll(/[^ -~]/gu, "?").slice(0, Math.max(0, columns - 1));
};

const readingWords = (reading: Reading): string => {
  const { question, took, entries } = reading;
  const left = timeLeft(reading);
  return [
    doing(question),
    ...(entries === 0 ? [] : [`: ${entries.toLocaleString("en-US")} entries`]),
    ...(left === undefined ? [] : [`, about ${left} left`]),
    ...(entries === 0 && took >= WAITS ? [` (${Math.floor(took / 1000)} s)`] : []),
  ].join("");
};

/** An answer that is waited for so long is given the time, in milliseconds. */
const WAITS = 2000;
/** Less of a journal, or of time, tells nothing of the rest. */
const LEAST_SHARE = 0.05;
const LEAST_TIME = 1000;

/** By how much of the span was read in which time. Entries are not spread evenly over it, so that it is about so long. */
const timeLeft = ({ took, share }: Reading): string | undefined => {
  if (share === undefined || share < LEAST_SHARE || took < LEAST_TIME) return undefined;
  const seconds = Math.ceil((took * (1 - share)) / share / 1000);
  if (seconds === 0) return undefined;
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
};

const doing = ({ command: { program, args } }: Question): string => {
  switch (program) {
    case "journalctl": {
      if (args.includes("--list-boots")) return "listing the boots of the journal";
      const vm = args
        .map((arg) => /=microvm@(?<vm>[^=]+)\.service$/u.exec(arg)?.groups?.["vm"])
        .find((name) => name !== undefined);
      return vm === undefined ? "reading the journal" : `reading the journal of ${vm}`;
    }
    case "systemctl":
      return "asking systemd";
    case "nix-store":
    case "nix":
      return "asking the Nix store";
    case "getfacl":
      return "reading access lists";
    case "git":
      return "searching the configuration repository";
  }
};
