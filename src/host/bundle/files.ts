import * as v from "valibot";
import { micros } from "../../vocabulary.ts";

const time = v.pipe(v.number(), v.safeInteger(), v.transform(micros));

const fileStat = v.object({
  type: v.picklist([
    "file",
    "directory",
    "symlink",
    "socket",
    "fifo",
    "character-device",
    "block-device",
  ]),
  mode: v.number(),
  uid: v.number(),
  gid: v.number(),
  size: v.number(),
  mtime: time,
  ctime: time,
  birth: v.exactOptional(time),
  links: v.exactOptional(v.number()),
  target: v.exactOptional(v.string()),
});

const absence = [
  v.object({ status: v.picklist(["absent", "denied", "loop"]) }),
  v.object({ status: v.literal("refused"), reason: v.string() }),
] as const;

const lookupOf = <Value extends v.GenericSchema>(value: Value) =>
  v.variant("status", [v.object({ status: v.literal("present"), value }), ...absence]);

const path = v.pipe(v.string(), v.startsWith("/"));

/** The member `files.json`: answers about paths, and texts that were not read. */
export const files = v.object({
  lstat: v.record(path, lookupOf(fileStat)),
  list: v.record(path, lookupOf(v.array(v.string()))),
  text: v.record(path, v.variant("status", absence)),
});
