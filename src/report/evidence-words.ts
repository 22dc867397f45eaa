import type { EvidenceRef } from "../evidence/reference.ts";
import { evidenceLine, plain } from "./words.ts";

/** One piece of evidence in one line, for a format that shows no lines of a ledger. */
export const evidenceWords = (ref: EvidenceRef, zone: string): string =>
  ref.kind === "coverage"
    ? `Coverage of the ${plain(ref.source)}: ${plain(ref.text)}`
    : evidenceLine(ref, zone, { linesOf: () => [] });
