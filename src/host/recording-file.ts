import { readFile, stat, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { parseRecording, recordingText, replayHost, type Recording } from "./recording.ts";
import type { Host } from "./host.ts";

const MOST_PACKED_BYTES = 256 * 1024 * 1024;
const MOST_BYTES = 1024 * 1024 * 1024;

export type OpenedRecording =
  | { readonly status: "opened"; readonly host: Host }
  | { readonly status: "damaged"; readonly why: string };

/** Opens a file of recorded evidence, gzipped or plain; never throws for what the file holds. */
export const openRecording = async (file: string): Promise<OpenedRecording> => {
  let packed: Buffer;
  try {
    if ((await stat(file)).size > MOST_PACKED_BYTES) return damaged("it is larger than 256 MiB");
    packed = await readFile(file);
  } catch (error) {
    return damaged(error instanceof Error ? error.message : String(error));
  }
  let text: string;
  try {
    const plain =
      packed[0] === 0x1f
        ? await promisify(gunzip)(packed, { maxOutputLength: MOST_BYTES })
        : packed;
    text = plain.toString("utf8");
  } catch (error) {
    return damaged(
      `it cannot be unpacked (${error instanceof Error ? error.message : String(error)})`,
    );
  }
  const recorded = parseRecording(text);
  return recorded === undefined
    ? damaged("it is no recording of evidence, or one of an unknown schema")
    : { status: "opened", host: replayHost(recorded, file) };
};

const damaged = (why: string): OpenedRecording => ({ status: "damaged", why });

/**
 * Writes a recording, gzipped without a time stamp.
 *
 * @internal
 */
export const writeRecording = async (file: string, recorded: Recording): Promise<void> => {
  await writeFile(file, await promisify(gzip)(recordingText(recorded), { level: 9 }));
};
