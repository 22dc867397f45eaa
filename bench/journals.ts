/**
 * Journals to measure with. `node bench/journals.ts NAME` makes one where it is not there yet, and prints its directory.
 *
 * A name is `RELEVANT-of-TOTAL` entries, as in `100k-of-1m`: how many are of the crash loop of microvm@test-vm.service (less a round that would not
 * be whole), and of how many in all.
 * With `+success` at its end, one start in the middle of the loop brings the secret into the guest.
 */
import { once } from "node:events";
import { open, readdir, rename } from "node:fs/promises";
import { join } from "node:path";

import { execa } from "execa";

import type { JournalEntry } from "../test/support/journal-entries.ts";
import { exportText } from "../test/support/journal-export.ts";
import { cached } from "./cache.ts";
import { crashLoop, loopEnd } from "./crash-loop.ts";
import { noise } from "./noise.ts";
import { BOOTED, idOf, journalStarted, MACHINE_ID } from "./recorded-host.ts";

const PROGRAM = "/lib/systemd/systemd-journal-remote";

export interface JournalPlan {
  /** Entries of the crash loop. */
  readonly relevant: number;
  readonly total: number;
  readonly hasSuccess: boolean;
}

/** `undefined` for what is no name of a journal. */
export const journalPlan = (name: string): JournalPlan | undefined => {
  const { relevant, total, success } =
    /^(?<relevant>\d+[km]?)-of-(?<total>\d+[km]?)(?<success>\+success)?$/u.exec(name)?.groups ?? {};
  const plan = {
    relevant: countOf(relevant),
    total: countOf(total),
    hasSuccess: success !== undefined,
  };
  return plan.relevant > 0 && plan.relevant <= plan.total ? plan : undefined;
};

const countOf = (text = ""): number =>
  Number.parseInt(text, 10) * (text.endsWith("m") ? 1e6 : text.endsWith("k") ? 1e3 : 1);

/** The directory of a journal, for `-D`. The first call writes it: some 45 seconds and 500 MB for a million entries. */
export const journalDirectory = async (name: string): Promise<string> => {
  const plan = journalPlan(name);
  if (plan === undefined) throw new RangeError(`${name} is no journal such as 100k-of-1m`);
  return cached("journal", sample(), name, (dir) => writeJournal(plan, dir));
};

/** A few entries of every kind: where these are the same, so are those of a large journal. */
const sample = (): Buffer =>
  exportText([...entriesOf({ relevant: 600, total: 3_600, hasSuccess: true })], BOOTED);

function* entriesOf({ relevant, total, hasSuccess }: JournalPlan): Generator<JournalEntry> {
  yield journalStarted();
  const loop = crashLoop({ entries: relevant, hasSuccess });
  const others = noise({ entries: total - relevant, until: loopEnd(relevant) });
  yield* inOrderOfTime(loop, others);
}

function* inOrderOfTime(
  left: Iterator<JournalEntry>,
  right: Iterator<JournalEntry>,
): Generator<JournalEntry> {
  let [a, b] = [left.next(), right.next()];
  while (a.done !== true || b.done !== true) {
    if (b.done === true || (a.done !== true && a.value.time <= b.value.time)) {
      if (a.done !== true) yield a.value;
      a = left.next();
    } else {
      yield b.value;
      b = right.next();
    }
  }
}

/** Entries that become text at once. */
const CHUNK = 2_000;

const writeJournal = async (plan: JournalPlan, dir: string): Promise<void> => {
  const remote = execa(PROGRAM, ["--output", join(dir, "system.journal"), "-"], {
    stdin: "pipe",
    stdout: "ignore",
  });
  let chunk: JournalEntry[] = [];
  const send = async (): Promise<void> => {
    if (!remote.stdin.write(exportText(chunk, BOOTED))) await once(remote.stdin, "drain");
    chunk = [];
  };
  for (const entry of entriesOf(plan)) {
    chunk.push(entry);
    if (chunk.length === CHUNK) await send();
  }
  await send();
  remote.stdin.end();
  await remote;
  await settleFiles(dir);
};

/** Where the header of a journal file keeps ids that journal-remote takes from this machine or from chance. */
const HEADER = { machineId: 40, seqnumId: 72 } as const;
const SEQNUM_ID = idOf("the one count of the journal");

/** journal-remote closes a file that grew large and goes on in the next, as journald does; the ids of all are made those of one host. */
const settleFiles = async (dir: string): Promise<void> => {
  for (const name of await readdir(dir)) {
    await using file = await open(join(dir, name), "r+");
    await file.write(Buffer.from(MACHINE_ID, "hex"), 0, 16, HEADER.machineId);
    await file.write(Buffer.from(SEQNUM_ID, "hex"), 0, 16, HEADER.seqnumId);
    await rename(join(dir, name), join(dir, name.replace(/(?<=@)[0-9a-f]{32}/u, SEQNUM_ID)));
  }
};

if (import.meta.main) {
  const [name = "", ...rest] = process.argv.slice(2);
  if (journalPlan(name) === undefined || rest.length > 0) {
    console.error("usage: node bench/journals.ts RELEVANT-of-TOTAL[+success], as in 100k-of-1m");
    process.exitCode = 2;
  } else console.log(await journalDirectory(name));
}
