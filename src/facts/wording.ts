import type { Micros, UnitName } from "../vocabulary.ts";

/** Permission bits as stat(1) and chmod(1) write them: `0400`. */
export const octal = (mode: number): string => mode.toString(8).padStart(4, "0");

/** `a`, `a and b`, `a, b and c`. */
export const listed = (names: readonly string[]): string =>
  names.length < 2
    ? (names[0] ?? "")
    : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** The unit that is the VM itself, not one of its helpers. */
export const isVmUnit = (unit: UnitName): boolean => /^microvm@.+\.service$/u.test(unit);

/**
 * A moment inside a sentence, to be written by the renderer in the zone that the reader wants; `sentenceWith` puts it in.
 */
export const moment = (time: Micros): string => `@{${time}}`;
