import type { EvidenceList, EvidenceRef } from "../evidence/reference.ts";
import type { UserRead } from "../facts/denied-reads.ts";
import type { Secret } from "../facts/secrets.ts";
import type { HostPath } from "../vocabulary.ts";
import type { Scope } from "./rule.ts";

/** One piece of evidence and any more, without repeats. */
export const nonEmpty = <Ref extends EvidenceRef>(
  first: Ref,
  ...rest: readonly Ref[]
): EvidenceList => [
  first,
  ...rest.filter((ref, index) => ref !== first && rest.indexOf(ref) === index),
];

/** The names of the secrets that lie at these paths. */
export const secretNames = (
  { secrets }: { readonly secrets: readonly Secret[] },
  paths: readonly HostPath[],
): readonly string[] =>
  secrets
    .filter((secret) => secret.paths.some((path) => paths.includes(path)))
    .map(({ name }) => name);

export const scopeOf = (read: UserRead, secrets: readonly Secret[]): Scope => ({
  ...(read.phase === undefined ? {} : { phase: read.phase.index }),
  starts: read.starts,
  secrets: secretNames({ secrets }, [read.path]),
  paths: [read.path],
  inForce: read.inForce,
});
