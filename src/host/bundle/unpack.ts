import { createHash } from "node:crypto";
import * as v from "valibot";
import { emptyRecording, keyOf, type Recording } from "../recording.ts";
import { DamagedBundle, LIMITS, membersOf, type UnpackLimits } from "./archive.ts";
import { files } from "./files.ts";
import { manifest as manifestSchema, MANIFEST, type Manifest, type Source } from "./manifest.ts";

export type UnpackedBundle =
  | {
      readonly status: "unpacked";
      readonly manifest: Manifest;
      /** In the order of the manifest's hosts. */
      readonly recordings: readonly Recording[];
    }
  | { readonly status: "damaged"; readonly why: string };

/** Unpacks a bundle in memory. Never throws for what the bytes are: what is not as `packBundle` makes it is damaged. */
export const unpackBundle = async (
  packed: Uint8Array,
  limits: UnpackLimits = LIMITS,
): Promise<UnpackedBundle> => {
  try {
    return unpackedOf(await membersOf(packed, limits));
  } catch (error) {
    return { status: "damaged", why: error instanceof Error ? error.message : String(error) };
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
  host: Manifest["hosts"][number],
  take: (source: Source) => Buffer,
): Recording => {
  const recorded = emptyRecording(host);
  for (const source of host.sources) {
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
