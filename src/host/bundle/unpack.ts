import { createHash } from "node:crypto";
import { createGunzip } from "node:zlib";
import { unpackTar, type ParsedTarEntryWithData } from "modern-tar";
import * as v from "valibot";
import { micros } from "../../vocabulary.ts";
import { keyOf, type Recording } from "../recording.ts";
import { manifest as manifestSchema, MANIFEST, type Manifest, type Source } from "./manifest.ts";

export type UnpackedBundle =
  | {
      readonly status: "unpacked";
      readonly manifest: Manifest;
      /** In the order of the manifest's hosts. */
      readonly recordings: readonly Recording[];
    }
  | { readonly status: "damaged"; readonly why: string };

/** Limits of what is taken from a bundle: bytes unpacked, members, and how far packed bytes may swell. */
export interface UnpackLimits {
  readonly bytes: number;
  readonly members: number;
  readonly swelling: number;
}

const LIMITS: UnpackLimits = { bytes: 1024 ** 3, members: 100_000, swelling: 200 };
/** A small archive of zeros is no bomb. */
const HARMLESS_BYTES = 64 * 1024 ** 2;

/** Unpacks a bundle in memory. Never throws for what the bytes are: what is not as `packBundle` makes it is damaged. */
export const unpackBundle = async (
  packed: Uint8Array,
  limits: UnpackLimits = LIMITS,
): Promise<UnpackedBundle> => {
  try {
    const archive = await gunzipped(packed, limits);
    return unpackedOf(await membersOf(archive, limits));
  } catch (error) {
    return { status: "damaged", why: error instanceof Error ? error.message : String(error) };
  }
};

class DamagedBundle extends Error {}

const gunzipped = async (
  packed: Uint8Array,
  { bytes, swelling }: UnpackLimits,
): Promise<Buffer> => {
  if (packed[0] !== 0x1f || packed[1] !== 0x8b)
    throw new DamagedBundle("it is no bundle: a bundle is a gzipped tar archive");
  const most = Math.min(bytes, Math.max(HARMLESS_BYTES, packed.length * swelling));
  const chunks: Buffer[] = [];
  let size = 0;
  const stream = createGunzip();
  stream.end(packed);
  try {
    for await (const chunk of stream) {
      const part: unknown = chunk;
      if (!Buffer.isBuffer(part)) continue;
      size += part.length;
      if (size > most)
        throw new DamagedBundle(`it swells to more than ${most} bytes when it is unpacked`);
      chunks.push(part);
    }
  } catch (error) {
    if (error instanceof DamagedBundle) throw error;
    throw new DamagedBundle("its compression is broken: it was cut off or changed", {
      cause: error,
    });
  }
  return Buffer.concat(chunks);
};

const NAME =
  /^(?:manifest\.json|hosts\/[1-9]\d{0,4}\/(?:files\.json|(?:text|command|journal)\/[1-9]\d{0,5}))$/u;

const membersOf = async (
  archive: Buffer,
  { members: most }: UnpackLimits,
): Promise<ReadonlyMap<string, Buffer>> => {
  const members = new Map<string, Buffer>();
  for (const { header, data } of await entriesOf(archive)) {
    const { name, type = "file" } = header;
    if (type !== "file" || !NAME.test(name))
      throw new DamagedBundle(`it holds ${JSON.stringify(name)}, a ${type}, which no bundle does`);
    if (members.has(name)) throw new DamagedBundle(`it holds ${name} twice`);
    if (members.size >= most) throw new DamagedBundle(`it holds more than ${most} members`);
    members.set(name, Buffer.from(data ?? []));
  }
  return members;
};

const entriesOf = async (archive: Buffer): Promise<readonly ParsedTarEntryWithData[]> => {
  try {
    return await unpackTar(archive, { strict: true });
  } catch (error) {
    throw new DamagedBundle("it is gzipped, and no tar archive", { cause: error });
  }
};

const unpackedOf = (members: ReadonlyMap<string, Buffer>): UnpackedBundle => {
  const head = parsedJson(members.get(MANIFEST));
  const known = v.safeParse(v.looseObject({ schema: v.string(), version: v.number() }), head);
  if (!known.success) throw new DamagedBundle("its manifest is missing or no manifest");
  const parsed = v.safeParse(manifestSchema, head);
  if (!parsed.success) {
    throw new DamagedBundle(
      known.output.schema === "mvdoctor-bundle" && known.output.version === 1
        ? `its manifest is wrong at ${v.getDotPath(parsed.issues[0]) ?? "its top"}`
        : `its schema is ${JSON.stringify(`${known.output.schema} ${known.output.version}`.slice(0, 100))}, which this version does not know`,
    );
  }
  const manifest = parsed.output;
  const named = new Set([MANIFEST]);
  const take = (source: Source): Buffer => {
    const body = members.get(source.member);
    if (body === undefined) throw new DamagedBundle(`${source.member} is missing`);
    if (named.has(source.member)) throw new DamagedBundle(`${source.member} is named twice`);
    if (
      body.length !== source.bytes ||
      createHash("sha256").update(body).digest("hex") !== source.sha256
    )
      throw new DamagedBundle(`${source.member} is not what its manifest says: it was changed`);
    named.add(source.member);
    return body;
  };
  const recordings = manifest.hosts.map((host) => recordingOf(host, take));
  const unnamed = [...members.keys()].find((name) => !named.has(name));
  if (unnamed !== undefined) throw new DamagedBundle(`its manifest does not name ${unnamed}`);
  return { status: "unpacked", manifest, recordings };
};

const recordingOf = (
  { origin, kind, ownJournal, unreachable, sources }: Manifest["hosts"][number],
  take: (source: Source) => Buffer,
): Recording => {
  const recorded: Recording = {
    origin,
    kind,
    ownJournal,
    ...(unreachable === undefined ? {} : { unreachable }),
    lstat: {},
    list: {},
    text: {},
    commands: {},
    streams: {},
  };
  for (const source of sources) {
    const body = take(source);
    switch (source.kind) {
      case "files": {
        const parsed = v.safeParse(files, parsedJson(body));
        if (!parsed.success) throw new DamagedBundle(`${source.member} is not as it must be`);
        Object.assign(recorded.lstat, parsed.output.lstat);
        Object.assign(recorded.list, parsed.output.list);
        Object.assign(recorded.text, parsed.output.text);
        break;
      }
      case "text":
        recorded.text[source.path] = { status: "present", value: body.toString("utf8") };
        break;
      case "command":
        recorded.commands[keyOf(source)] = { ...askedOf(source), stdout: body.toString("utf8") };
        break;
      case "journal":
        recorded.streams[keyOf(source)] = { ...askedOf(source), lines: linesOf(body) };
        break;
    }
  }
  return recorded;
};

const askedOf = ({
  program,
  args,
  exitCode,
  stderr,
  failure,
  milliseconds,
}: Extract<Source, { kind: "command" | "journal" }>) => ({
  program,
  args,
  exitCode,
  stderr,
  milliseconds,
  ...(failure === undefined ? {} : { failure }),
});

const linesOf = (body: Buffer): readonly string[] =>
  body.length === 0 ? [] : body.toString("utf8").replace(/\n$/u, "").split("\n");

const parsedJson = (body: Buffer | undefined): unknown => {
  try {
    return body === undefined ? undefined : JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
};

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

const files = v.object({
  lstat: v.record(path, lookupOf(fileStat)),
  list: v.record(path, lookupOf(v.array(v.string()))),
  text: v.record(path, v.variant("status", absence)),
});
