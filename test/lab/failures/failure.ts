import type { JsonNextStart, JsonVm } from "../../support/report-json.ts";
import type { SecretDescription, VmDescription } from "../nixos/description.ts";

/** A way in which a VM misses its secret, how it is brought about, and what mvdoctor is to say of it. */
export interface Failure {
  /** What is provoked, which is the VM's name as well. */
  readonly name: string;
  /** In a sentence. */
  readonly what: string;
  readonly vm: VmDescription;
  readonly secrets?: readonly SecretDescription[];
  /** Commands as root, once the host is built and before anything starts. */
  readonly prepare?: string;
  /** Commands that start it, in place of `systemctl start`. */
  readonly start?: string;
  /** What has to happen once it was started, before the rest is done and judged. */
  readonly until: Until;
  /** The VM in the host's next generation, to which the host is switched then: changed, taken out, or as it was. */
  readonly later?: VmDescription | "taken out" | "as it was";
  /** Commands as root after that. */
  readonly afterwards?: string;
  /** What has to happen after that, before it is judged. */
  readonly atLast?: Until;

  /** Root causes that `check` foretells ahead of the start; or why it cannot. */
  readonly foretold:
    | readonly string[]
    | { readonly cannot: string; readonly prediction?: JsonNextStart["prediction"] };
  readonly status: JsonVm["status"];
  readonly rootCauses: readonly string[];
  /** Other findings that have to be there. */
  readonly finds?: readonly string[];
  /** The stage at which every secret of the VM breaks. */
  readonly stage?: string;
  /** "unknown" where nothing is said: no guest speaks here. Two answers where a start that is under way may change it. */
  readonly everWorked?: Answer | readonly Answer[];
  /** Findings that only systemd's own word on the unit gives, and no file: from outside they lack. */
  readonly onlyInside?: readonly string[];
  /** What the journal of the unit says, word for word: systemd's own words, which changed with 259. */
  readonly words?: string | { readonly before259: string; readonly from259: string };
  /** A controller that the container's own tree of cgroups has to have. */
  readonly needs?: { readonly controller: string };
}

type Answer = JsonVm["everWorked"]["answer"];

/** A state of the VM's unit, or a line that PID 1 or the unit writes some times. */
export type Until =
  | { readonly unit: "active" | "inactive" | "failed" }
  | { readonly line: RegExp; readonly times: number };

/** As many starts that fail as make a loop of a row of them (src/facts/loops.ts). */
export const LOOPS: Until = { line: /Failed with result/u, times: 4 };
export const RUNS: Until = { unit: "active" };
