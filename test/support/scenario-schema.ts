import * as v from "valibot";

import { journalSchema } from "./journal-schema.ts";
import { localTime } from "./local-time.ts";

const mode = v.pipe(
  v.string(),
  v.regex(/^[0-7]{4}$/u, 'a mode is four octal digits in quotes: "0400"'),
);
const owner = v.pipe(v.string(), v.regex(/^[^:]+:[^:]+$/u, "an owner is written as user:group"));
const hex128 = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/u));

/** `-> target`, as `ls -l` shows a symlink. */
const arrow = v.pipe(
  v.string(),
  v.startsWith("-> "),
  v.transform((value) => ({ link: value.slice(3) })),
);

const CONTENTS = ["text", "link", "canary", "socket"] as const;

const fileSpec = v.pipe(
  v.strictObject({
    text: v.optional(v.string()),
    link: v.optional(v.string()),
    canary: v.optional(v.string()),
    socket: v.optional(v.literal(true)),
    size: v.optional(v.number()),
    mode: v.optional(mode),
    owner: v.optional(owner),
    mtime: v.optional(localTime),
    acl: v.optional(v.array(v.string())),
  }),
  v.check(
    (spec) => CONTENTS.filter((key) => spec[key] !== undefined).length <= 1,
    "text, link, canary and socket exclude each other",
  ),
  v.check(
    (spec) => (spec.canary === undefined) === (spec.size === undefined),
    "a canary has a size",
  ),
);

const treeEntry = v.union([
  arrow,
  v.strictObject({ copy: v.string() }),
  v.pipe(
    v.string(),
    v.transform((text) => ({ text })),
  ),
]);

const storeSpec = v.strictObject({
  like: v.optional(v.string()),
  name: v.optional(v.string()),
  hash: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-df-np-sv-z]{32}$/u))),
  text: v.optional(v.string()),
  executable: v.optional(v.boolean()),
  tree: v.optional(v.record(v.string(), v.nullable(treeEntry))),
  programs: v.optional(v.array(v.string())),
  references: v.optional(v.array(v.string())),
  deriver: v.optional(v.boolean()),
  registered: v.optional(localTime),
});

const files = v.record(
  v.pipe(v.string(), v.startsWith("/")),
  v.nullable(v.union([arrow, fileSpec])),
);
const store = v.record(v.string(), v.nullable(storeSpec));
const generations = v.record(
  v.pipe(v.string(), v.regex(/^\d+$/u)),
  v.nullable(
    v.strictObject({ time: localTime, activated: v.optional(localTime), toplevel: v.string() }),
  ),
);

const group = v.union([
  v.pipe(
    v.number(),
    v.transform((gid): { gid: number; members: string[] } => ({ gid, members: [] })),
  ),
  v.strictObject({ gid: v.number(), members: v.array(v.string()) }),
]);

export const scenarioSchema = v.strictObject({
  title: v.string(),
  host: v.strictObject({
    name: v.string(),
    machineId: hex128,
    bootId: hex128,
    zone: v.string(),
    date: v.pipe(v.string(), v.isoDate()),
    booted: localTime,
  }),
  users: v.record(
    v.string(),
    v.strictObject({ uid: v.number(), group: v.string(), home: v.string(), shell: v.string() }),
  ),
  groups: v.record(v.string(), group),
  vms: v.array(v.string()),
  files,
  store,
  generations,
  bootedGeneration: v.number(),
  /** The one that /run/current-system leads to, where it is not the newest. */
  runningGeneration: v.optional(v.number()),
  journal: journalSchema,
});

export type Scenario = v.InferOutput<typeof scenarioSchema>;
export type FileSpec = v.InferOutput<typeof fileSpec>;
export type StoreSpec = v.InferOutput<typeof storeSpec>;
export type TreeEntry = v.InferOutput<typeof treeEntry>;
