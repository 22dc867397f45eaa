import * as v from "valibot";
import { collected, unavailable, type Collected } from "../evidence/evidence.ts";
import type { CommandRef } from "../evidence/reference.ts";
import type { Registrations } from "../evidence/store-history.ts";
import type { Host } from "../host/host.ts";
import { isMicros, storePathOf, type Micros, type StorePath } from "../vocabulary.ts";

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
  const { stdout, stderr, exitCode, failure } = await host.run({ program: "nix", args });
  if (exitCode !== 0) {
    const [first = ""] = stderr.split("\n");
    return failure === "not-installed"
      ? unavailable("not-installed", "nix is not on the path")
      : unavailable("failed", first === "" ? `nix ended with ${exitCode ?? "a signal"}` : first);
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), pathInfo), stdout);
  return parsed.success
    ? collected({ times: timesOf(parsed.output), ref })
    : unavailable("malformed", "nix path-info answered in a form that is not known", ref);
};

const timesOf = (answer: v.InferOutput<typeof pathInfo>): ReadonlyMap<StorePath, Micros> => {
  const entries: readonly (readonly [string, v.InferOutput<typeof registration> | null])[] =
    Array.isArray(answer)
      ? answer.map((one) => [one.path, one])
      : Object.entries(isWrapped(answer) ? answer.info : answer);
  return new Map(
    entries.flatMap(([name, one]): readonly (readonly [StorePath, Micros])[] => {
      const path = storePathOf(name.startsWith("/") ? name : `/nix/store/${name}`);
      const seconds = one?.registrationTime;
      // 0 stands for a time that is not known.
      const time = typeof seconds === "number" ? seconds * 1_000_000 : 0;
      return path === undefined || time === 0 || !isMicros(time) ? [] : [[path, time]];
    }),
  );
};

type ByPath = Exclude<v.InferOutput<typeof pathInfo>, readonly unknown[]>;
type Wrapped = Extract<ByPath, { readonly info: Readonly<Record<string, unknown>> }>;

const isWrapped = (answer: ByPath): answer is Wrapped => "info" in answer;
