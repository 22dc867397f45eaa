import type { PhaseAccount, VmDiagnosis } from "../../diagnosis/finding.ts";
import type { EvidenceNumbers } from "../evidence-numbers.ts";
import type { Report } from "../report.ts";
import { ends, type Ends } from "../shortened.ts";
import { markup, type SafeHtml } from "./markup.ts";

/** What the parts of a VM's page need to tell it. */
export interface Telling {
  readonly report: Report;
  readonly numbers: EvidenceNumbers;
  readonly vm: VmDiagnosis;
  /** Stands before each id of this VM, which many may share a page with: `v1`. */
  readonly key: string;
  /** Where a rule's first finding stands on the page; `undefined` for one that is not there. */
  readonly placeOf: (rule: string) => string | undefined;
}

type Found = Pick<VmDiagnosis["findings"][number], "id">;

/** Gives the place of each rule's first finding among those that a page shows. */
export const placesOf =
  (key: string, findings: readonly Found[]): Telling["placeOf"] =>
  (rule) => {
    const index = findings.findIndex(({ id }) => id === rule);
    return index === -1 ? undefined : findingPlace(key, index);
  };

/** The id of a finding's element by its place in the list, from 0. */
export const findingPlace = (key: string, index: number): string => `${key}-f${index + 1}`;

/** The id of a phase's element. */
export const phasePlace = (key: string, index: number): string => `${key}-p${index}`;

/** The id of an option's element by its place in the list, from 0. */
export const optionPlace = (key: string, index: number): string => `${key}-o${index + 1}`;

const MOST_PHASES = 100;

/** The phases that a page tells one by one: all, or the first and the last of very many. */
export const shownPhases = ({ phases }: Pick<VmDiagnosis, "phases">): Ends<PhaseAccount> =>
  ends(phases, MOST_PHASES);

/** A phase by its number, with a link to it where the page tells it. */
export const phaseLink = (index: number, { vm, key }: Telling, words = ""): SafeHtml => {
  const { first, last } = shownPhases(vm);
  return [...first, ...last].some((phase) => phase.index === index)
    ? markup`<a href="#${phasePlace(key, index)}">${words}${index}</a>`
    : markup`${words}${index}`;
};
