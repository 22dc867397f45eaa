import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { packTar } from "modern-tar";
import { MOST_TEXT_BYTES } from "../raw-files.ts";
import type { AskedCommand, Recording } from "../recording.ts";
import { BUNDLE_SCHEMA, BUNDLE_VERSION, MANIFEST, type Manifest, type Source } from "./manifest.ts";

/** What a bundle says of itself besides its sources. */
export type BundleHead = Pick<Manifest, "tool" | "collected" | "interrupted" | "redacted">;

/** A recorded host with the names of the VMs that were looked at, and the span that was asked for. */
export interface CollectedHost {
  readonly recorded: Recording;
  readonly vms: readonly string[];
  readonly everyVm: boolean;
  readonly window: Manifest["hosts"][number]["window"];
}

interface Member {
  readonly source: Source;
  readonly body: Uint8Array;
}

/**
 * The bytes of a bundle: a gzipped tar archive (ustar) of the manifest and one member for each source, in the order of what was asked, so
 * that the same recording gives the same bytes.
 */
export const packBundle = async (
  hosts: readonly CollectedHost[],
  head: BundleHead,
): Promise<Uint8Array> => {
  const members = hosts.map(({ recorded }, index) => membersOf(recorded, `hosts/${index + 1}`));
  const manifest: Manifest = {
    schema: BUNDLE_SCHEMA,
    version: BUNDLE_VERSION,
    ...head,
    hosts: hosts.map(({ recorded, vms, everyVm, window }, index) => ({
      origin: recorded.origin,
      kind: recorded.kind,
      ownJournal: recorded.ownJournal,
      ...(recorded.unreachable === undefined ? {} : { unreachable: recorded.unreachable }),
      ...(recorded.missing === undefined ? {} : { missing: [...recorded.missing] }),
      vms: [...vms],
      everyVm,
      window,
      sources: (members[index] ?? []).map(({ source }) => source),
    })),
  };
  const archive = await packTar([
    fileNamed(MANIFEST, Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`)),
    ...members.flat().map(({ source, body }) => fileNamed(source.member, body)),
  ]);
  return promisify(gzip)(archive);
};

const EPOCH = new Date(0);

const fileNamed = (name: string, body: Uint8Array) => ({
  header: { name, size: body.length, mode: 0o600, mtime: EPOCH, uid: 0, gid: 0 },
  body,
});

const membersOf = (recorded: Recording, directory: string): readonly Member[] => {
  const member = (name: string, body: Uint8Array) => ({
    member: `${directory}/${name}`,
    bytes: body.length,
    sha256: createHash("sha256").update(body).digest("hex"),
  });
  const files = Buffer.from(`${JSON.stringify(filesOf(recorded), undefined, 1)}\n`);
  return [
    { source: { kind: "files", ...member("files.json", files) }, body: files },
    ...inOrder(recorded.text)
      .flatMap(([path, found]) => (found.status === "present" ? [{ path, text: found.value }] : []))
      .map(({ path, text }, index): Member => {
        const body = Buffer.from(text);
        const cut = cutOfText(recorded, path);
        return { source: { kind: "text", path, cut, ...member(`text/${index + 1}`, body) }, body };
      }),
    ...inOrder(recorded.commands).map(([, { stdout, ...asked }], index): Member => {
      const body = Buffer.from(stdout);
      return {
        source: { kind: "command", ...askedSource(asked), ...member(`command/${index + 1}`, body) },
        body,
      };
    }),
    ...inOrder(recorded.streams).map(([, { lines, ...asked }], index): Member => {
      const body = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      return {
        source: { kind: "journal", ...askedSource(asked), ...member(`journal/${index + 1}`, body) },
        body,
      };
    }),
  ];
};

/** All answers about files; a text that was read is a member of its own. */
const filesOf = ({ lstat, list, text }: Recording) => ({
  lstat: Object.fromEntries(inOrder(lstat)),
  list: Object.fromEntries(inOrder(list)),
  text: Object.fromEntries(inOrder(text).filter(([, found]) => found.status !== "present")),
});

const inOrder = <T>(record: Readonly<Record<string, T>>): readonly (readonly [string, T])[] =>
  Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));

const cutOfText = ({ lstat }: Recording, path: string): string | null => {
  const found = lstat[path];
  return found?.status === "present" && found.value.size > MOST_TEXT_BYTES
    ? `read up to ${MOST_TEXT_BYTES} of ${found.value.size} bytes`
    : null;
};

const askedSource = ({ program, args, exitCode, stderr, failure, milliseconds }: AskedCommand) => ({
  program,
  args: [...args],
  exitCode,
  stderr,
  ...(failure === undefined ? {} : { failure }),
  milliseconds,
  cut: failure === undefined ? null : (CUTS.get(failure) ?? null),
});

const CUTS: ReadonlyMap<string, string> = new Map([
  ["timed-out", "it gave no answer in time; what it said until then is here"],
  ["too-much-output", "it said more than is kept"],
  ["interrupted", "the collection was interrupted"],
]);
