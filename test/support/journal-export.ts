import { createHash } from "node:crypto";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

import { execa } from "execa";

import type { JournalEntry } from "./journal-entries.ts";

const PROGRAM = "/lib/systemd/systemd-journal-remote";
/** Where the header of a journal file keeps the ids that journal-remote takes from this machine or from chance. */
const HEADER = { machineId: 40, seqnumId: 72 } as const;

/** The export format: what `journalctl -o export` prints and systemd-journal-remote reads. */
export const exportText = (entries: readonly JournalEntry[], booted: number): Buffer =>
  Buffer.concat(
    entries.map(({ time, fields }) =>
      Buffer.concat([
        Buffer.from(`__REALTIME_TIMESTAMP=${time}\n__MONOTONIC_TIMESTAMP=${time - booted}\n`),
        ...Object.entries(fields).map(([name, value]) => fieldBytes(name, value)),
        Buffer.from("\n"),
      ]),
    ),
  );

const fieldBytes = (name: string, value: string): Buffer => {
  if (!/(?!\t)\p{Cc}/u.test(value)) return Buffer.from(`${name}=${value}\n`);
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from("\n")]);
};

/**
 * Writes a real journal file. Cursors are the same in every build: they hold the sequence id, which is made from `machineId` and,
 * for rotated files, their number.
 */
export const writeJournal = async (
  file: string,
  text: Buffer,
  machineId: string,
  number = 0,
): Promise<void> => {
  await mkdir(dirname(file), { recursive: true });
  await execa(PROGRAM, ["--output", file, "-"], { input: text });
  await using handle = await open(file, "r+");
  await handle.write(Buffer.from(machineId, "hex"), 0, 16, HEADER.machineId);
  await handle.write(
    createHash("sha256")
      .update(machineId + "+".repeat(number))
      .digest(),
    0,
    16,
    HEADER.seqnumId,
  );
};
