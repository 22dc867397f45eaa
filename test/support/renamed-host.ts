import type { Scenario } from "./scenario-schema.ts";

/** The same host and story under other names, in another zone and on another day. Times stay what the host's clock shows. */
export const renamed = (scenario: Scenario): Scenario => {
  const text = NAMES.reduce(
    (written, [from, to]) => written.replaceAll(from, to),
    JSON.stringify(scenario),
  );
  return JSON.parse(text) as Scenario;
};

/** The name that a text has on the renamed host. */
export const newName = (text: string): string =>
  NAMES.reduce((written, [from, to]) => written.replaceAll(from, to), text);

const NAMES: readonly (readonly [RegExp, string])[] = [
  [/\bweb\b/gu, "b7-mail"],
  [/\bkiln\b/gu, "basalt"],
  [/Europe\/Vienna/gu, "Asia/Tokyo"],
  [/2026-05-12/gu, "2031-11-03"],
];
