/** What a part of the benchmark found out: a table, and the goals that are set for it. */
import type { Cost } from "./measure.ts";

export interface Section {
  readonly title: string;
  /** What was done, and what else there is to say. */
  readonly text: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly goals: readonly Goal[];
}

export interface Goal {
  readonly says: string;
  readonly measured: string;
  /** The same of the time on processors, which says more where the machine was busy. */
  readonly ofProcessors?: string;
  readonly allowed: string;
  readonly isReached: boolean;
}

/** How a part is measured. */
export interface Effort {
  readonly runs: number;
  /** Journals with more entries are left out. */
  readonly mostEntries: number;
}

/** A goal that is a number: a ratio, or a size with its unit. */
export const atMost = (says: string, measured: number, allowed: number, unit = "x"): Goal => ({
  says,
  measured: amount(measured, unit),
  allowed: amount(allowed, unit),
  isReached: measured <= allowed,
});

/** A goal for the time that a program takes, as a share of what another one takes. */
export const atMostOf = (says: string, own: Cost, other: Cost, allowed: number): Goal => ({
  ...atMost(says, own.seconds / other.seconds, allowed),
  ofProcessors: times(own.cpuSeconds / other.cpuSeconds),
});

export const yesOrNo = (says: string, isReached: boolean): Goal => ({
  says,
  measured: isReached ? "yes" : "no",
  allowed: "yes",
  isReached,
});

const amount = (value: number, unit: string): string =>
  unit === "x" ? times(value) : `${Math.round(value)} ${unit}`;

export const times = (ratio: number): string => `${ratio.toFixed(2)}x`;

export const seconds = (value: number): string =>
  value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(2)} s`;
