import * as v from "valibot";
import type { LockedMicrovm } from "../evidence/configuration-repository.ts";
import type { CommandRef } from "../evidence/reference.ts";
import { nearestMicros } from "../vocabulary.ts";

const source = v.looseObject({
  type: v.optional(v.string()),
  owner: v.optional(v.string()),
  repo: v.optional(v.string()),
  url: v.optional(v.string()),
  path: v.optional(v.string()),
  rev: v.optional(v.string()),
  dirtyRev: v.optional(v.string()),
  lastModified: v.optional(v.number()),
  narHash: v.optional(v.string()),
});

/** The lock file of a flake, versions 5 to 7 (nix3-flake(1), "Lock files"). */
const lockFile = v.looseObject({
  nodes: v.record(
    v.string(),
    v.looseObject({ locked: v.optional(source), original: v.optional(source) }),
  ),
});

type Source = v.InferOutput<typeof source>;

/** The inputs of a lock file that are microvm.nix; `undefined` where the text is no lock file. */
export const lockedMicrovm = (
  text: string,
  place: LockedMicrovm["in"],
  ref: CommandRef,
): readonly LockedMicrovm[] | undefined => {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), lockFile), text);
  if (!parsed.success) return undefined;
  return Object.entries(parsed.output.nodes).flatMap(([input, { locked, original }]) => {
    if (locked?.type === undefined || !isMicrovm(input, [locked, original])) return [];
    const location = locationOf(locked);
    const revision = locked.rev ?? locked.dirtyRev;
    return [
      {
        in: place,
        input,
        type: locked.type,
        ...(location === undefined ? {} : { location }),
        ...(revision === undefined ? {} : { revision }),
        ...(locked.lastModified === undefined
          ? {}
          : { lastModified: nearestMicros(locked.lastModified * 1_000_000) }),
        ...(locked.narHash === undefined ? {} : { narHash: locked.narHash }),
        ref: { ...ref, text: described(input, locked) },
      },
    ];
  });
};

/** By its usual name, with the number that Nix adds to the second of a name, or by where it comes from. */
const isMicrovm = (input: string, sources: readonly (Source | undefined)[]): boolean =>
  /^microvm(?:[._-]?nix)?(?:_\d+)?$/iu.test(input) ||
  sources.some((one) => /(?:^|\/)microvm(?:\.nix)?(?:\.git)?\/?$/iu.test(locationOf(one) ?? ""));

const locationOf = (one: Source | undefined): string | undefined =>
  one?.path ??
  one?.url ??
  (one?.owner === undefined || one.repo === undefined ? undefined : `${one.owner}/${one.repo}`);

const described = (input: string, locked: Source): string =>
  [
    `input ${input}: ${locked.type ?? "unknown"}`,
    locationOf(locked),
    locked.rev ?? locked.dirtyRev,
    locked.narHash,
  ]
    .filter((part) => part !== undefined)
    .join(" ");
