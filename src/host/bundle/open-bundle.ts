import { readFile, stat } from "node:fs/promises";
import { micros } from "../../vocabulary.ts";
import type { Host, Scope } from "../host.ts";
import { replayHost, type Recording } from "../recording.ts";
import type { Manifest } from "./manifest.ts";
import { unpackBundle } from "./unpack.ts";

const MOST_PACKED_BYTES = 256 * 1024 * 1024;

const scopeOf = (host: Manifest["hosts"][number] | undefined): Scope => {
  const { since, boot } = host?.window ?? {};
  return {
    vms: host?.vms ?? [],
    everyVm: host?.everyVm === true,
    ...(since === undefined ? {} : { since: micros(since) }),
    ...(boot === undefined ? {} : { boot }),
  };
};

export type OpenedBundle =
  | {
      readonly status: "opened";
      readonly hosts: readonly Host[];
      readonly manifest: Manifest;
      /** As they are in the file, in the order of the hosts. */
      readonly recordings: readonly Recording[];
    }
  | { readonly status: "damaged"; readonly why: string };

/** Opens the bundle in a file of this machine; never throws for what the file holds, and writes nothing. */
export const openBundle = async (file: string): Promise<OpenedBundle> => {
  let packed: Buffer;
  try {
    const { size } = await stat(file);
    if (size > MOST_PACKED_BYTES) return { status: "damaged", why: "it is larger than 256 MiB" };
    packed = await readFile(file);
  } catch (error) {
    return { status: "damaged", why: error instanceof Error ? error.message : String(error) };
  }
  const unpacked = await unpackBundle(packed);
  if (unpacked.status === "damaged") return unpacked;
  const { manifest, recordings } = unpacked;
  return {
    status: "opened",
    manifest,
    recordings,
    hosts: recordings.map((recorded, index) =>
      replayHost(recorded, scopeOf(manifest.hosts[index])),
    ),
  };
};
