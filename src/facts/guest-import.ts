import type { Invocation } from "../evidence/journal.ts";
import type { JournalRef } from "../evidence/reference.ts";
import type { Micros } from "../vocabulary.ts";
import type { History, Phase } from "./history.ts";
import { meaningsIn } from "./starts.ts";

/** What a guest said of a credential at one moment of a start. */
interface Word {
  readonly name: string;
  readonly time: Micros;
  readonly ref: JournalRef;
}

/** The import of credentials in one start, by the guest's own words. Silence says nothing: a console hides most of it. */
export interface GuestImport {
  readonly phase: Phase;
  readonly start: Invocation;
  readonly inForce: boolean;
  readonly received: readonly Word[];
  /** How many it took over by its own count, with the VMM's own string among them. */
  readonly acquired: readonly { readonly count: number; readonly ref: JournalRef }[];
  /** The VMM showed it, and the guest did not take it. */
  readonly skipped: readonly (Word & { readonly why: "encoding" | "size" })[];
  /** A program of a service that was given no credential at all. */
  readonly unset: readonly JournalRef[];
  /** It found none, or nothing to look into. */
  readonly none: readonly {
    readonly why: "none-passed" | "no-firmware-table";
    readonly ref: JournalRef;
  }[];
  /** The initrd is left, and the system's PID 1 looks anew. */
  readonly switchedRoot: readonly JournalRef[];
  readonly refused: readonly {
    readonly why: "disabled" | "confidential";
    readonly ref: JournalRef;
  }[];
  /** It was not there, or had no bytes, when somebody looked; `absent` where it is told that there was no such file. */
  readonly missed: readonly (Word & { readonly absent: boolean })[];
  /** It had content when somebody looked. */
  readonly found: readonly Word[];
}

/** Every start in which a guest said something of its import. */
export const guestImports = ({ phases }: History): readonly GuestImport[] => {
  const newest = phases.findLast(({ starts }) => starts.length > 0);
  return phases.flatMap((phase) =>
    phase.starts.map((start): GuestImport => {
      const sizes = meaningsIn(start, "credential-size");
      return {
        phase,
        start,
        inForce: phase === newest && start === phase.starts.at(-1),
        received: meaningsIn(start, "credentials-received").flatMap(({ meaning, ref }) =>
          meaning.names.map((name) => ({ name, time: ref.time, ref })),
        ),
        acquired: meaningsIn(start, "credentials-acquired").map(({ meaning, ref }) => ({
          count: meaning.count,
          ref,
        })),
        skipped: meaningsIn(start, "credential-skipped").map(({ meaning: { name, why }, ref }) => ({
          name,
          why,
          time: ref.time,
          ref,
        })),
        unset: meaningsIn(start, "credentials-directory-unset").map(({ ref }) => ref),
        none: meaningsIn(start, "credentials-none").map(({ meaning, ref }) => ({
          why: meaning.why,
          ref,
        })),
        switchedRoot: meaningsIn(start, "guest-switches-root").map(({ ref }) => ref),
        refused: meaningsIn(start, "import-refused").map(({ meaning, ref }) => ({
          why: meaning.why,
          ref,
        })),
        missed: [
          ...sizes.filter(({ meaning }) => meaning.bytes === 0),
          ...meaningsIn(start, "credential-file-missing"),
          ...meaningsIn(start, "credential-not-found"),
        ]
          .map(({ meaning, ref }) => ({
            name: meaning.name,
            time: ref.time,
            ref,
            absent: meaning.kind !== "credential-size",
          }))
          .toSorted((a, b) => a.time - b.time),
        found: sizes
          .filter(({ meaning }) => meaning.bytes > 0)
          .map(({ meaning, ref }) => ({ name: meaning.name, time: ref.time, ref })),
      };
    }),
  );
};
