import type { EvidenceRef } from "../../evidence/reference.ts";
import type { RuleEntry } from "../catalogue.ts";
import type { EvidenceNumbers } from "../evidence-numbers.ts";
import { evidenceNumbers } from "../evidence-numbers.ts";
import { page, type Page, type PageOptions } from "../page.ts";
import type { Report } from "../report.ts";
import { sentence } from "../words.ts";
import { storeNames, type StoreNames } from "./store-names.ts";

export interface TextOptions extends PageOptions {
  /** A line for each VM and nothing else. */
  readonly brief?: boolean;
  /** The rules whose words are added to findings. */
  readonly explained?: readonly RuleEntry[];
}

/** What the parts of one host's page share. */
export interface Telling {
  readonly out: Page;
  readonly zone: string;
  readonly numbers: EvidenceNumbers;
  readonly names: StoreNames;
  /** The ids of evidence that was quoted so far. */
  readonly quoted: Set<string>;
  readonly explained: readonly RuleEntry[];
}

export const telling = (
  { diagnosis, zone }: Report,
  { explained = [], ...options }: TextOptions,
): Telling => ({
  out: page(options),
  zone,
  numbers: evidenceNumbers(diagnosis.ledger),
  names: storeNames(),
  quoted: new Set(),
  explained,
});

/** A sentence in the zone, with store paths that a reader can tell apart. */
export const prose = ({ names, zone }: Pick<Telling, "names" | "zone">, text: string): string =>
  names.short(sentence(text, zone));

/** ` [e1 e2]`, or nothing where nothing is cited. */
export const cites = ({ numbers }: Telling, refs: readonly EvidenceRef[]): string => {
  const ids = numbers.idsOf(refs);
  return ids.length === 0 ? "" : ` [${ids.join(" ")}]`;
};
