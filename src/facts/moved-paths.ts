import type { Installation } from "../evidence/installation.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { HostPath } from "../vocabulary.ts";

/** clan's vars before 2026-04-10 (4a00824f5) and since: `vars/GENERATOR/FILE`, `vars/{per-machine/MACHINE,shared}/GENERATOR/FILE`. */
const VARS =
  /^\/run\/(?:secrets|user-secrets)\/vars\/(?:(?:per-machine\/[^/]+|shared)\/)?(?<var>[^/]+\/[^/]+)$/u;

/** Where the same secret lies under another layout or another installer, if it does. */
export const movedTo = (
  path: HostPath,
  { roots, declared }: Installation,
): { readonly path: HostPath; readonly ref: FileRef } | undefined => {
  const there = roots.flatMap(({ files }) => [...files].map(([at, ref]) => ({ path: at, ref })));
  const named = declared.map((secret) => ({ path: secret.path, ref: secret.ref }));
  const variable = VARS.exec(path)?.groups?.["var"];
  const same = ({ path: other }: { readonly path: HostPath }): boolean => {
    if (other === path) return false;
    const otherVariable = VARS.exec(other)?.groups?.["var"];
    if (variable !== undefined && otherVariable !== undefined) return variable === otherVariable;
    return placeOf(other) !== placeOf(path) && nameIn(other) === nameIn(path);
  };
  return there.find(same) ?? named.find(same);
};

const placeOf = (path: string): string => /^\/run\/[^/]+/u.exec(path)?.[0] ?? "/";

/** The name below the installer's place, which is what a configuration calls it. */
const nameIn = (path: string): string =>
  path.startsWith("/run/")
    ? path.slice(placeOf(path).length + 1)
    : path.slice(path.lastIndexOf("/") + 1);
