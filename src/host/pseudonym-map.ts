import * as v from "valibot";

const VERSION = 1;

const names = v.record(v.string(), v.string());

const pseudonymMap = v.object({
  version: v.literal(VERSION),
  hosts: names,
  users: names,
  paths: names,
});

/** From each name as it is on the host to the one that stands for it. It undoes what was done: a file of its own, of mode 0600. */
export type PseudonymMap = v.InferOutput<typeof pseudonymMap>;

export const NO_PSEUDONYMS: PseudonymMap = { version: VERSION, hosts: {}, users: {}, paths: {} };

/** A map from the text of its file; `undefined` where the text is none, or one of another version. */
export const parsePseudonymMap = (text: string): PseudonymMap | undefined => {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), pseudonymMap), text);
  return parsed.success ? parsed.output : undefined;
};

/** The text of a map's file, with sorted names. */
export const pseudonymMapText = (map: PseudonymMap): string =>
  `${JSON.stringify(
    {
      version: map.version,
      hosts: sorted(map.hosts),
      users: sorted(map.users),
      paths: sorted(map.paths),
    },
    undefined,
    1,
  )}\n`;

const sorted = (of: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(of).toSorted(([a], [b]) => (a < b ? -1 : 1)));
