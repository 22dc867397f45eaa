import type { LinkedRunners } from "../evidence/evidence.ts";
import type { GuestSystem } from "../evidence/guest-system.ts";
import type { Invocation, VmJournal } from "../evidence/journal.ts";
import type { OutputMeaning } from "../evidence/output.ts";
import type { Shares } from "../evidence/shares.ts";
import type { VmUnit } from "../evidence/unit.ts";
import { handedOver } from "./guest-wishes.ts";
import { sharedSecretFiles } from "./secrets.ts";

export interface NameSources {
  readonly unit?: VmUnit;
  readonly runners?: LinkedRunners;
  readonly guestSystem?: GuestSystem;
  readonly shares?: Shares;
}

/**
 * The journal, with what a guest tells of sizes understood: a name that the unit, the runner or the guest's own units use for a
 * credential is one, whatever it is called. Sizes of anything else stay what they are.
 */
export const withKnownNames = (journal: VmJournal, sources: NameSources): VmJournal => {
  const names = knownNames(sources);
  return names.size === 0
    ? journal
    : { ...journal, invocations: journal.invocations.map((start) => understood(start, names)) };
};

const knownNames = ({ unit, runners, guestSystem, shares }: NameSources): ReadonlySet<string> =>
  new Set(
    [
      ...(unit?.credentials ?? []).map(({ id }) => id),
      ...(unit?.setIds ?? []).map(({ value }) => value),
      ...[runners?.current, runners?.booted].flatMap((runner) =>
        runner === undefined
          ? []
          : [
              ...handedOver(runner).map(({ name }) => name),
              ...(runner.credentialsDirectory?.ids ?? []),
            ],
      ),
      ...(shares === undefined ? [] : sharedSecretFiles(shares)).map(({ path }) =>
        path.slice(path.lastIndexOf("/") + 1),
      ),
      ...(guestSystem?.consumers ?? []).flatMap(({ wants }) =>
        wants.flatMap(({ id, name }) => [id, name]),
      ),
    ].map(spelled),
  );

const understood = (start: Invocation, names: ReadonlySet<string>): Invocation =>
  start.lines.some(({ meanings }) => meanings.some((one) => isKnownSize(one, names)))
    ? {
        ...start,
        lines: start.lines.map((line) => ({
          ...line,
          meanings: line.meanings.map((meaning) =>
            isKnownSize(meaning, names) ? { ...meaning, kind: "credential-size" } : meaning,
          ),
        })),
      }
    : start;

const isKnownSize = (
  meaning: OutputMeaning,
  names: ReadonlySet<string>,
): meaning is Extract<OutputMeaning, { kind: "named-size" }> =>
  meaning.kind === "named-size" && names.has(spelled(meaning.name));

const spelled = (name: string): string => name.toLowerCase().replaceAll(/[_.]+/gu, "-");
