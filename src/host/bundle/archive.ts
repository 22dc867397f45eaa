import { createGunzip } from "node:zlib";
import { unpackTar, type ParsedTarEntryWithData } from "modern-tar";

/** Limits of what is taken from a bundle: bytes unpacked, members, and how far packed bytes may swell. */
export interface UnpackLimits {
  readonly bytes: number;
  readonly members: number;
  readonly swelling: number;
}

export const LIMITS: UnpackLimits = { bytes: 1024 ** 3, members: 100_000, swelling: 200 };
/** A small archive of zeros is no bomb. */
const HARMLESS_BYTES = 64 * 1024 ** 2;

/** Says in its message what is wrong with a bundle. */
export class DamagedBundle extends Error {}

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

/** The members of a gzipped archive by name: regular files with the names that a bundle has, and nothing else. */
export const membersOf = async (
  packed: Uint8Array,
  limits: UnpackLimits,
): Promise<ReadonlyMap<string, Buffer>> => {
  const most = limits.members;
  const members = new Map<string, Buffer>();
  for (const { header, data } of await entriesOf(await gunzipped(packed, limits))) {
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
