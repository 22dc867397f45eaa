import { join } from "node:path";
import { execa } from "execa";
import { missingRights } from "../container-needs.ts";
import type { LabOptions, Part, Reporter } from "../part.ts";
import { isInstalled, missingPrograms } from "../programs.ts";
import { acceleratorOf } from "./accelerator.ts";
import { GUEST_CASES, type GuestCase } from "./cases.ts";
import { bootHost, type GuestHost } from "./host.ts";
import { guestImage, hasGuestImage, type GuestImage } from "./image.ts";
import { BUNDLE, stopVm, tryCase, tryStopped, type Verdict } from "./trial.ts";

/** Programs that the trials need, each with the package of Debian that brings it. */
const PROGRAMS = {
  "qemu-system-x86_64": "qemu-system-x86",
  unshare: "util-linux",
  nsenter: "util-linux",
  setpriv: "util-linux",
  pgrep: "procps",
  journalctl: "systemd",
  systemctl: "systemd",
} as const;

const PART = "guest";

/** A guest of QEMU's own that gets its credential or does not, on a host with a real systemd. */
export const guestPart: Part = {
  name: PART,
  async missing() {
    if (process.getuid?.() !== 0) return ["only root may boot a host for the guest"];
    if (process.arch !== "x64") return [`the guest is for x86_64, and this is ${process.arch}`];
    const missing = [
      ...missingPrograms(PROGRAMS),
      ...(isInstalled("apt-get") || (await hasGuestImage())
        ? []
        : ["apt-get is not installed, and no guest is cached"]),
    ];
    return missing.length > 0 ? missing : await missingRights();
  },
  async run(reporter, options) {
    const cases = casesOf(options);
    if (cases.length === 0) return;
    if (!(await hasGuestImage())) reporter.note("makes the guest, once: half a minute");
    const image = await imageOr(reporter, options.signal);
    if (image === undefined) return;
    const accelerator = await acceleratorOf(image, options.signal);
    const host = await bootHost(cases, image, accelerator);
    try {
      const on = `QEMU ${await qemuVersion()} with ${accelerator.name}`;
      for (const one of cases) await tellCase(host, one, on, reporter, options);
    } finally {
      await host.stop();
    }
  },
};

/** Without a way to Debian's mirror no guest can be made. */
const imageOr = async (
  reporter: Reporter,
  signal: AbortSignal,
): Promise<GuestImage | undefined> => {
  try {
    return await guestImage(signal);
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    reporter.skipped({ part: PART, on: "this machine", name: "all of it" }, why);
    return undefined;
  }
};

const casesOf = ({ bounded, only }: LabOptions): readonly GuestCase[] =>
  GUEST_CASES.filter(
    ({ name, isBounded }) => (isBounded || !bounded) && (only.length === 0 || only.includes(name)),
  );

const tellCase = async (
  host: GuestHost,
  one: GuestCase,
  on: string,
  reporter: Reporter,
  { signal, captures }: LabOptions,
): Promise<void> => {
  const tell = async (name: string, trying: () => Promise<Verdict>): Promise<void> => {
    const began = performance.now();
    const { said, differences } = await trying();
    const trial = { part: PART, on, name, seconds: (performance.now() - began) / 1000 };
    if (differences.length === 0) reporter.passed(trial, said);
    else reporter.failed(trial, differences);
  };
  await tell(one.name, () => tryCase(host, one, signal));
  if (captures !== undefined) await host.copyOut(BUNDLE, join(captures, `guest-${one.name}.mvb`));
  if (one.isStopped === true) await tell(`${one.name}-stopped`, () => tryStopped(host, one));
  else await stopVm(host, one.name);
};

/** As `qemu-system-x86_64 --version` says it: `7.2`. */
const qemuVersion = async (): Promise<string> => {
  const { stdout } = await execa("qemu-system-x86_64", ["--version"]);
  return /version (\d+\.\d+)/u.exec(stdout)?.[1] ?? "of an unknown version";
};
