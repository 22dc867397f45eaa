import type { Glance } from "../diagnosis/glance.ts";
import type { Hypervisor } from "../evidence/runner.ts";
import type { Flavour } from "../evidence/state-directory.ts";
import { plain } from "./words.ts";

/** The heads of the columns of a list. */
export const HEADS = [
  "VM",
  "STATE",
  "FOR",
  "RESTARTS",
  "SECRETS",
  "VERSION",
  "FLAVOUR",
  "VMM",
  "CAUSE",
] as const;

/** What stands in each column. */
export const CELLS: readonly ((glance: Glance) => string)[] = [
  ({ vm }) => plain(vm),
  (glance) => stateWord(glance),
  ({ lasts }) => (lasts === undefined ? "?" : shortSpan(lasts)),
  ({ restarts }) => (restarts === undefined ? "?" : String(restarts)),
  ({ secrets }) => secretsWord(secrets),
  ({ version }) => VERSIONS[version],
  ({ flavour }) => (flavour === undefined ? "?" : FLAVOURS[flavour]),
  ({ hypervisor }) => (hypervisor === undefined ? "?" : VMMS[hypervisor]),
  ({ cause }) => (cause.status === "found" ? cause.rootCauses[0] : "-"),
];

/** What its unit does, or how the VM is, where that says more: one that runs and has no secrets is failing. */
const stateWord = ({ status, state }: Glance): string =>
  state === "running" && status !== "healthy" ? status : STATES[state];

const STATES = {
  failed: "failed",
  looping: "looping",
  starting: "starting",
  running: "running",
  stopping: "stopping",
  stopped: "stopped",
  "never-started": "unstarted",
  unknown: "unknown",
} as const satisfies Record<Glance["state"], string>;

const VERSIONS = {
  current: "current",
  stale: "stale",
  outdated: "outdated",
  "not-booted": "not booted",
  "runner-changed": "new runner",
  "not-installed": "none",
  unknown: "?",
} as const satisfies Record<Glance["version"], string>;

const FLAVOURS = {
  declarative: "declared",
  flake: "flake",
  "flake-frozen": "frozen",
  imperative: "by hand",
  deployed: "deployed",
  "hand-made": "hand-made",
  mixed: "mixed",
  unknown: "?",
} as const satisfies Record<Flavour, string>;

const VMMS = {
  qemu: "qemu",
  "cloud-hypervisor": "cloud-hv",
  firecracker: "firecrkr",
  crosvm: "crosvm",
  kvmtool: "kvmtool",
  stratovirt: "stratov.",
  alioth: "alioth",
  vfkit: "vfkit",
} as const satisfies Record<Hypervisor, string>;

/** `2 of 3` reach the guest, as far as is known: `?` behind it, or alone, where that is not known of all. */
const secretsWord = ({ wanted, told, reaching }: Glance["secrets"]): string => {
  if (wanted === 0) return "-";
  if (told === 0) return "?";
  return `${reaching} of ${wanted}${told < wanted ? "?" : ""}`;
};

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span of microseconds in its largest unit, cut off: `7s`, `49min`, `3h`, `12d`. */
const shortSpan = (span: number): string => {
  const seconds = Math.floor(span / 1_000_000);
  if (seconds < MINUTE) return `${seconds}s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}min`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h`;
  return `${Math.floor(seconds / DAY)}d`;
};
