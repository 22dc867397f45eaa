/** The entries that nobody asks for: 300 other units of a busy host, other VMs among them, and now and then the kernel. */
import type { JournalEntry } from "../test/support/journal-entries.ts";
import { BOOTED, chance, fromKernel, fromUnit, idOf, type Process } from "./recorded-host.ts";

interface Span {
  readonly entries: number;
  /** The last entry is before it, in microseconds since 1970. */
  readonly until: number;
}

const UNITS = 300;
const BEGINS = BOOTED + 2_000_000;
/** One entry of the kernel in so many, and one of its warnings in so many of these. */
const KERNEL = { every: 1_000, warningEvery: 10 } as const;

/** Entries of all units in turns that only look like chance, spread over the span, in the order of time. */
export function* noise({ entries, until }: Span): Generator<JournalEntry> {
  const pick = chance(300);
  const step = Math.floor((until - BEGINS) / Math.max(1, entries));
  for (let index = 0; index < entries; index += 1) {
    const time = BEGINS + index * step + pick(step);
    if (index % KERNEL.every === KERNEL.every - 1) yield kernelLine(time, index, pick);
    else yield unitLine(time, SPEAKERS[pick(UNITS)], pick);
  }
}

type Chance = ReturnType<typeof chance>;

interface Kind {
  readonly name: string;
  readonly comm: string;
  readonly transport: Process["transport"];
  readonly says: (number: Chance) => string;
}

const address = (number: Chance): string => `10.${number(16)}.${number(256)}.${number(256)}`;

const KINDS: readonly Kind[] = [
  {
    name: "reverse-proxy@",
    comm: "nginx",
    transport: "stdout",
    says: (number) =>
      `${address(number)} - - "GET /api/v2/items/${number(90_000)} HTTP/1.1" 200 ${number(40_000)} "-" rt=0.${number(999)}`,
  },
  {
    name: "postgresql@",
    comm: "postgres",
    transport: "stdout",
    says: (number) =>
      `[${number(60_000)}] LOG:  duration: ${number(4_000)}.${number(999)} ms  execute fetch: select * from orders where id = $1`,
  },
  {
    name: "exporter@",
    comm: "node_exporter",
    transport: "stdout",
    says: (number) =>
      `ts=2026-05-04T06:${10 + number(50)}:00.${number(999)}Z caller=collector.go:${number(300)} level=info msg="collector took ${number(900)} ms"`,
  },
  {
    name: "backup@",
    comm: "restic",
    transport: "journal",
    says: (number) => `snapshot ${idOf(String(number(1_000_000))).slice(0, 8)} saved`,
  },
  {
    name: "sshd@",
    comm: "sshd-session",
    transport: "syslog",
    says: (number) =>
      `Connection closed by ${address(number)} port ${1_024 + number(60_000)} [preauth]`,
  },
  {
    name: "microvm@guest-",
    comm: "cloud-hyperviso",
    transport: "stdout",
    says: (number) =>
      `[${String(number(90_000)).padStart(5)}.${100_000 + number(899_999)}] kubelet[${number(30_000)}]: probe of pod web-${number(400)} took ${number(900)} ms`,
  },
];

/** Every kind as many units; each ran once since the boot. */
const SPEAKERS = Array.from({ length: UNITS }, (_, index) => {
  const kind = KINDS[index % KINDS.length];
  if (kind === undefined) throw new RangeError(`no kind of unit for ${index}`);
  const instance = `${kind.name}${String(Math.floor(index / KINDS.length)).padStart(2, "0")}`;
  const process: Process = {
    unit: `${instance}.service`,
    invocation: idOf(`${instance} since boot`),
    identifier: kind.name.startsWith("microvm@") ? instance : kind.comm,
    pid: 900 + index,
    uid: 200 + (index % 60),
    comm: kind.comm,
    exe: `/nix/store/${idOf(kind.comm)}-${kind.comm}/bin/${kind.comm}`,
    cmdline: `/nix/store/${idOf(kind.comm)}-${kind.comm}/bin/${kind.comm} --config /etc/${instance}.conf --state /var/lib/${instance}`,
    transport: kind.transport,
  };
  return { process, says: kind.says };
});

const unitLine = (
  time: number,
  speaker: (typeof SPEAKERS)[number] | undefined,
  pick: Chance,
): JournalEntry => {
  if (speaker === undefined) throw new RangeError(`there are only ${UNITS} units`);
  return fromUnit(time, speaker.process, speaker.says(pick));
};

const kernelLine = (time: number, index: number, pick: Chance): JournalEntry =>
  Math.floor(index / KERNEL.every) % KERNEL.warningEvery === 0
    ? fromKernel(time, 4, `perf: interrupt took too long (${2_000 + pick(9_000)} > 2500)`)
    : fromKernel(time, 6, `br0: port ${pick(64)}(vm-${pick(50)}) entered forwarding state`);
