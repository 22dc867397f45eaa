import { gunzipSync, gzipSync } from "node:zlib";
import { packTar, unpackTar } from "modern-tar";
import { createHash } from "node:crypto";
import { packBundle } from "../../src/host/bundle/pack.ts";
import type { Recording } from "../../src/host/recording.ts";
import { RECORDED } from "./corpus.ts";
import type { Random } from "./random.ts";

const firstOf = <T>(of: Readonly<Record<string, T>>, most: number): Record<string, T> =>
  Object.fromEntries(Object.entries(of).slice(0, most));

/** A little of the recorded host: enough to hold every kind of member. */
export const smallRecording: Recording = {
  ...RECORDED,
  lstat: firstOf(RECORDED.lstat, 3),
  list: firstOf(RECORDED.list, 2),
  text: Object.fromEntries(
    ["/etc/passwd", "/etc/hostname", "/etc/machine-id"].flatMap((path) => {
      const found = RECORDED.text[path];
      return found === undefined ? [] : [[path, found]];
    }),
  ),
  commands: firstOf(RECORDED.commands, 2),
  streams: Object.fromEntries(
    Object.entries(RECORDED.streams)
      .slice(0, 1)
      .map(([key, stream]) => [key, { ...stream, lines: stream.lines.slice(0, 2) }]),
  ),
};

const packed = await packBundle(
  [{ recorded: smallRecording, vms: ["test-vm"], everyVm: false, window: {} }],
  {
    tool: { name: "mvdoctor", version: "0.1.0" },
    collected: "2025-09-27T05:52:00.000000Z",
    interrupted: false,
    redacted: [],
  },
);

/** The archive of the bundle, before it is compressed. */
export const smallArchive: Buffer = gunzipSync(packed);

/** Compressed again, so that what was changed is seen behind the compression; with `random` that is damaged as well. */
export const repacked = async (archive: Buffer, random?: Random): Promise<Buffer> => {
  const bytes = gzipSync(archive, { level: 0 });
  if (random !== undefined) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
};

const members = await unpackTar(smallArchive);

/** The bundle with one member that holds these bytes, and a manifest that says so: whoever forges a bundle gets the hashes right. */
export const withMember = async (bytes: Buffer, random: Random): Promise<Buffer> => {
  const at = 1 + random.below(members.length - 1);
  const name = members[at]?.header.name ?? "";
  const changed = members.map(({ header, data }, index) => ({
    header: { name: header.name },
    body: index === at ? bytes : Buffer.from(data ?? []),
  }));
  const manifest = (changed[0]?.body ?? Buffer.alloc(0)).toString("utf8");
  const place = manifest.indexOf(`"member": ${JSON.stringify(name)}`);
  const told = manifest
    .slice(place)
    .replace(/"bytes": \d+/u, `"bytes": ${bytes.length}`)
    .replace(
      /"sha256": "[0-9a-f]+"/u,
      `"sha256": "${createHash("sha256").update(bytes).digest("hex")}"`,
    );
  const own = Buffer.from(manifest.slice(0, place) + told);
  const archive = await packTar(
    changed.map(({ header, body }, index) => {
      const content = index === 0 ? own : body;
      return { header: { ...header, size: content.length, mode: 0o600 }, body: content };
    }),
  );
  return gzipSync(archive, { level: 0 });
};
