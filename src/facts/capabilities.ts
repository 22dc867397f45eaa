import type { SandboxSetting } from "../evidence/unit.ts";
import { READ_CAPABILITIES, type Capability } from "./access.ts";

/** Stands for every capability that no setting and no question names. */
const OTHERS = "others";

/**
 * The capabilities that matter for reading which a service's process has. Root has those of the bounding set; another user has the
 * ambient ones of that set (systemd.exec(5), CapabilityBoundingSet= and AmbientCapabilities=; capabilities(7), "Transformation of
 * capabilities during execve()").
 */
export const serviceCapabilities = (
  sandbox: readonly SandboxSetting[],
  uid: number,
): ReadonlySet<Capability> => {
  const bounding = capabilitySet(sandbox, "CapabilityBoundingSet");
  const own = uid === 0 ? bounding : capabilitySet(sandbox, "AmbientCapabilities");
  return new Set(READ_CAPABILITIES.filter((name) => bounding.has(name) && own.has(name)));
};

/** Assignments add up; `~` takes away, and the first one, or one that names nothing, replaces (src/core/load-fragment.c of systemd 257). */
const capabilitySet = (
  sandbox: readonly SandboxSetting[],
  key: "CapabilityBoundingSet" | "AmbientCapabilities",
): ReadonlySet<string> => {
  const assignments = sandbox
    .filter((setting) => setting.key === key)
    .map(({ value }) => ({
      inverted: value.startsWith("~"),
      named: new Set(value.replace(/^~/u, "").split(/\s+/u).filter(Boolean).map(capabilityName)),
    }));
  const all = new Set<string>([
    ...READ_CAPABILITIES,
    ...assignments.flatMap(({ named }) => [...named]),
    OTHERS,
  ]);
  const initial = key === "CapabilityBoundingSet" ? all : new Set<string>();
  let set: ReadonlySet<string> = initial;
  for (const { inverted, named } of assignments) {
    const before = named.size === 0 || isSame(set, initial) ? (inverted ? all : NONE) : set;
    set = inverted ? without(before, named) : new Set([...before, ...named]);
  }
  return set;
};

const NONE: ReadonlySet<string> = new Set();

const without = (set: ReadonlySet<string>, some: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...set].filter((name) => !some.has(name)));

const isSame = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((name) => b.has(name));

/** Names in any case, or the numbers of linux/capability.h. */
const capabilityName = (word: string): string => {
  const numbers: Readonly<Record<string, Capability>> = {
    "1": "CAP_DAC_OVERRIDE",
    "2": "CAP_DAC_READ_SEARCH",
  };
  return numbers[word] ?? word.toUpperCase();
};
