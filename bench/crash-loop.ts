/** The entries that are asked for: a VM that starts and fails every 5.25 seconds, because its runner may not read a secret. */
import type { JournalEntry } from "../test/support/journal-entries.ts";
import { lifecycleFields } from "../test/support/journal-lifecycle.ts";
import { BOOTED, chance, fromManager, fromUnit, idOf, type Process } from "./recorded-host.ts";

export const VM = "test-vm";
const UNIT = `microvm@${VM}.service`;
const SECRET = "/run/secrets/vars/test-vm-secrets/api-key";

/** What systemd 257 and the runner write in one round; so it was measured with `RestartSec=5s`. */
const LINES_PER_ROUND = 6;
export const PERIOD = 5_250_000;

/** When the loop begins, in microseconds since 1970. */
export const LOOP_BEGIN = BOOTED + 60_000_000;

interface Loop {
  readonly entries: number;
  /** One start in the middle brings the secret into the guest, and the VM ends a moment later. */
  readonly hasSuccess: boolean;
}

/** As many whole rounds as these entries make, in the order of time: half a round would be a VM that still runs. */
export function* crashLoop({ entries, hasSuccess }: Loop): Generator<JournalEntry> {
  const within = chance(5_250);
  const rounds = roundsOf(entries);
  for (let round = 0; round < rounds; round += 1) {
    const start = LOOP_BEGIN + round * PERIOD + within(8_000);
    const isSuccess = hasSuccess && round === Math.floor(rounds / 2);
    yield* isSuccess ? lastingRound(start, round) : failingRound(start, round);
  }
}

/** How many rounds these entries are. */
export const roundsOf = (entries: number): number => Math.floor(entries / LINES_PER_ROUND);

/** When the loop ends, in microseconds since 1970. */
export const loopEnd = (entries: number): number => LOOP_BEGIN + roundsOf(entries) * PERIOD;

const failingRound = (start: number, round: number): readonly JournalEntry[] => [
  ...beginning(start, round),
  fromUnit(start + 71_400, runner(round, CAT), `cat: ${SECRET}: Permission denied`),
  systemd(start + 92_000, round, { event: "exited", status: 1 }),
  systemd(start + 110_300, round, { event: "failed" }),
  scheduled(start + 5_180_000, round),
];

const lastingRound = (start: number, round: number): readonly JournalEntry[] => [
  ...beginning(start, round),
  fromUnit(
    start + 2_710_552,
    runner(round, VMM),
    "[    2.710552] token-report[391]: API_KEY = 41 bytes",
  ),
  fromUnit(start + 4_310_118, runner(round, VMM), "[    4.310118] reboot: Power down"),
  systemd(start + 4_402_000, round, { event: "deactivated" }),
  scheduled(start + 5_180_000, round),
];

const beginning = (start: number, round: number): readonly JournalEntry[] => [
  systemd(start, round, { event: "starting" }),
  systemd(start + 48_200, round, { event: "started" }),
];

const scheduled = (time: number, round: number): JournalEntry =>
  systemd(time, round, { event: "restart-scheduled", n: round + 1 });

const invocationOf = (round: number): string => idOf(`start ${round} of ${VM}`);

type Event = Pick<Parameters<typeof lifecycleFields>[1], "event" | "status" | "n">;

const systemd = (time: number, round: number, event: Event): JournalEntry => {
  const subject = {
    unit: UNIT,
    description: `MicroVM '${VM}'`,
    job: String(2_100 + round),
  };
  const [fields = {}] = lifecycleFields(subject, {
    kind: "lifecycle",
    time,
    unit: UNIT,
    ...event,
  });
  return fromManager(time, { ...fields, UNIT, INVOCATION_ID: invocationOf(round) });
};

const CAT = {
  comm: "cat",
  exe: "/nix/store/qm7kj6l8a9c0nfd2v5hs3x1gz4rwpbyi-coreutils-9.7/bin/coreutils",
  cmdline: `cat ${SECRET}`,
};
const VMM = {
  comm: "cloud-hyperviso",
  exe: "/nix/store/3xl2ypvbqdi8fkz0w6rjm9sn1hca75gv-cloud-hypervisor-48.0/bin/cloud-hypervisor",
  cmdline: `microvm@${VM} --cpus boot=1 --memory size=512M --serial tty`,
};

const runner = (round: number, program: typeof CAT): Process => ({
  unit: UNIT,
  invocation: invocationOf(round),
  identifier: `microvm@${VM}`,
  pid: 4_000 + ((round * 9) % 4_190_000),
  uid: 986,
  transport: "stdout",
  ...program,
});
