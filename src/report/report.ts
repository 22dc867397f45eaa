import type { Diagnosis } from "../diagnosis/diagnose.ts";
import type { Micros } from "../vocabulary.ts";

/** What a renderer gets: the diagnosis, the zone to show times in, and the one time that comes from the clock. */
export interface Report {
  readonly diagnosis: Diagnosis;
  readonly zone: string;
  readonly generatedAt: Micros;
  /** Whether people are shown which rules were not asked; they are counted always. */
  readonly showSkipped: boolean;
}
