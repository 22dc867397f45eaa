import type { Diagnosis } from "../diagnosis/diagnose.ts";
import type { Micros } from "../vocabulary.ts";
import { plain } from "./words.ts";

/** What a renderer gets: the diagnosis, the zone to show times in, and the one time that comes from the clock. */
export interface Report {
  readonly diagnosis: Diagnosis;
  readonly zone: string;
  readonly generatedAt: Micros;
  /** Whether people are shown which rules were not asked; they are counted always. */
  readonly showSkipped: boolean;
  /** What the host was asked to run; absent where nobody wants to see it. */
  readonly commands?: readonly AskedCommand[];
}

/** A command that a host was asked for. */
interface AskedCommand {
  readonly argv: readonly string[];
  readonly times: number;
  /** How it ended: statuses, or why there is none. */
  readonly ends: readonly string[];
}

/** One report for each host that was looked at. */
export type Reports = readonly [Report, ...Report[]];

/** The name of a host, or where it was looked for when it did not say. */
export const hostName = ({ diagnosis }: Report): string =>
  plain(diagnosis.host?.name ?? diagnosis.origin);
