import * as v from "valibot";
import { collected, unavailable, type Collected } from "../evidence/evidence.ts";
import type { CommandRef } from "../evidence/reference.ts";
import type { Registrations } from "../evidence/store-history.ts";
import type { Host } from "../host/host.ts";
import { isMicros, storePathOf, type Micros, type StorePath } from "../vocabulary.ts";
import { whyNoAnswer } from "./losses.ts";

const registration = v.looseObject({ registrationTime: v.optional(v.nullable(v.number())) });

/**
 * `nix path-info --json`: a list with `path` up to Nix 2.18, then an object by path, from JSON format 2 on an object by name below
 * `info`. Seconds since 1970.
 */
const pathInfo = v.union([
  v.array(v.looseObject({ path: v.string(), ...registration.entries })),
  v.looseObject({ info: v.record(v.string(), v.nullable(registration)) }),
  v.record(v.string(), v.nullable(registration)),
]);

/** When these valid paths were registered; nix-store(1) has no query that tells. */
export const collectRegistrations = async (
  host: Host,
  paths: readonly StorePath[],
): Promise<Collected<Registrations>> => {
  const args = ["path-info", "--json", ...[...new Set(paths)].toSorted()];
  const ref: CommandRef = { kind: "command", argv: ["nix", ...args], exitCode: 0 };
  if (paths.length === 0) return collected({ times: new Map(), ref });
  const result = await host.run({ program: "nix", args });
  if (result.failure !== undefined || result.exitCode !== 0)
    return unavailable(
      result.failure === "not-installed" ? "not-installed" : "failed",
      whyNoAnswer("nix", result),
    );
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), pathInfo), result.stdout);
  if (!parsed.success)
    return unavailable("malformed", "nix path-info answered in a form that is not known", ref);
  const answered = entriesOf(parsed.output);
  const told = new Set(answered.map(([path]) => path));
  const missing = paths.find((path) => !told.has(path));
  return missing === undefined
    ? collected({ times: timesOf(answered), ref })
    : unavailable("malformed", `nix path-info said nothing of ${missing}`, ref);
};

type Registered = readonly [StorePath, v.InferOutput<typeof registration> | null];

const entriesOf = (answer: v.InferOutput<typeof pathInfo>): readonly Registered[] => {
  const entries: readonly (readonly [string, Registered[1]])[] = Array.isArray(answer)
    ? answer.map((one) => [one.path, one])
    : Object.entries(isWrapped(answer) ? answer.info : answer);
  return entries.flatMap(([name, one]): readonly Registered[] => {
    const path = storePathOf(name.startsWith("/") ? name : `/nix/store/${name}`);
    return path === undefined ? [] : [[path, one]];
  });
};

const timesOf = (answered: readonly Registered[]): ReadonlyMap<StorePath, Micros> =>
  new Map(
    answered.flatMap(([path, one]): readonly (readonly [StorePath, Micros])[] => {
      const seconds = one?.registrationTime;
      // 0 stands for a time that is not known.
      const time = typeof seconds === "number" ? seconds * 1_000_000 : 0;
      return time === 0 || !isMicros(time) ? [] : [[path, time]];
    }),
  );

type ByPath = Exclude<v.InferOutput<typeof pathInfo>, readonly unknown[]>;
type Wrapped = Extract<ByPath, { readonly info: Readonly<Record<string, unknown>> }>;

const isWrapped = (answer: ByPath): answer is Wrapped => "info" in answer;
