import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import type { NarNode } from "./nar.ts";
import type { Scenario, StoreSpec, TreeEntry } from "./scenario-schema.ts";

export interface StoreObject {
  readonly path: string;
  readonly root: NarNode;
  /** Store paths, sorted. */
  readonly references: readonly string[];
  readonly deriver?: string;
  /** When the store got it, as the scenario writes times. */
  readonly registered: string;
}

export interface StorePlan {
  readonly objects: readonly StoreObject[];
  /** Puts store paths in the place of `${store:KEY}`. */
  readonly fill: (text: string) => string;
}

const BASE32 = "0123456789abcdfghijklmnpqrsvwxyz";
const STORE_KEY = /\$\{store:([^}]+)\}/gu;

/** Works out the paths, contents and references of all store objects of a scenario. As in Nix, who names a path references it. */
export const planStore = ({ store, host }: Pick<Scenario, "store" | "host">): StorePlan => {
  const specs = new Map(
    Object.entries(store).flatMap(([key, spec]) =>
      spec === null ? [] : [[key, inherit(store, spec)] as const],
    ),
  );
  const pathOf = (key: string): string => {
    const spec = specs.get(key);
    if (spec === undefined) throw new Error(`no store object is called ${key}`);
    return `/nix/store/${spec.hash ?? storeHash(key)}-${nameOf(key, spec)}`;
  };
  const fill = (text: string): string =>
    text.replaceAll(STORE_KEY, (_, key: string) => pathOf(key));
  const objects = [...specs].map(([key, spec]): StoreObject => {
    const named = [...JSON.stringify(spec).matchAll(STORE_KEY)].flatMap(([, other]) => other ?? []);
    return {
      path: pathOf(key),
      root: rootOf(spec, fill),
      references: [...new Set([...named, ...(spec.references ?? [])].map(pathOf))].toSorted(),
      ...(spec.deriver === false
        ? {}
        : { deriver: `/nix/store/${storeHash(`${key}.drv`)}-${nameOf(key, spec)}.drv` }),
      registered: spec.registered ?? host.booted,
    };
  });
  return { objects, fill };
};

const inherit = (store: Scenario["store"], spec: StoreSpec): StoreSpec => {
  if (spec.like === undefined) return spec;
  const model = store[spec.like];
  if (model === undefined || model === null)
    throw new Error(`no store object is called ${spec.like}`);
  const { hash: _, ...inherited } = inherit(store, model);
  return { ...inherited, ...spec, tree: { ...inherited.tree, ...spec.tree } };
};

const nameOf = (key: string, spec: StoreSpec): string => spec.name ?? key;

const storeHash = (label: string): string => {
  const digest = createHash("sha256").update(label).digest();
  return Array.from({ length: 32 }, (_, index) => BASE32[(digest[index] ?? 0) % 32]).join("");
};

const rootOf = (spec: StoreSpec, fill: (text: string) => string): NarNode => {
  if (spec.text !== undefined) return fileNode(fill(spec.text), spec.executable === true);
  const entries = new Map<string, NarNode>();
  for (const program of spec.programs ?? [])
    entries.set(program, fileNode("\x7fELF stands for a program\n", true));
  for (const [path, entry] of Object.entries(spec.tree ?? {}))
    if (entry !== null) entries.set(path, entryNode(path, entry, fill));
  return nest(entries);
};

const entryNode = (path: string, entry: TreeEntry, fill: (text: string) => string): NarNode => {
  if ("link" in entry) return { kind: "link", target: fill(entry.link) };
  if ("copy" in entry) return { kind: "file", bytes: readFileSync(entry.copy), executable: false };
  return fileNode(fill(entry.text), isProgram(path));
};

const isProgram = (path: string): boolean =>
  path.startsWith("bin/") || path === "activate" || path === "init";

const fileNode = (text: string, executable: boolean): NarNode => ({
  kind: "file",
  bytes: Buffer.from(text),
  executable,
});

const nest = (flat: ReadonlyMap<string, NarNode>): NarNode => {
  const entries = new Map<string, NarNode>();
  const below = new Map<string, Map<string, NarNode>>();
  for (const [path, node] of flat) {
    const [first = "", ...rest] = path.split("/");
    if (rest.length === 0) entries.set(first, node);
    else
      below.set(first, (below.get(first) ?? new Map<string, NarNode>()).set(rest.join("/"), node));
  }
  for (const [name, children] of below) entries.set(name, nest(children));
  return { kind: "directory", entries };
};
