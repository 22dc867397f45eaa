import type { History } from "../facts/history.ts";
import type { Secret } from "../facts/secrets.ts";
import type { Micros } from "../vocabulary.ts";

/** When the present state began: behind the last start that got a secret, else with the first start that the journal holds. */
export const sinceWhen = (
  history: History | undefined,
  secrets: readonly Secret[],
): { readonly since?: Micros } => {
  if (history === undefined) return {};
  const worked = new Set(
    secrets.flatMap(({ reports }) =>
      reports.filter(({ bytes }) => bytes > 0).map(({ start }) => start),
    ),
  );
  const good = history.phases.findLast(({ starts }) => starts.some(({ id }) => worked.has(id)));
  const newest = history.phases.at(-1);
  const from =
    good === undefined
      ? history.phases[0]
      : good === newest
        ? good
        : history.phases.find(({ index }) => index === good.index + 1);
  return from === undefined ? {} : { since: from.start };
};
