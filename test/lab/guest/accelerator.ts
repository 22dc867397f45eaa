import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { execa } from "execa";
import type { GuestImage } from "./image.ts";

/** How QEMU runs the guest's processor, in the words of microvm.nix's runner. */
export interface Accelerator {
  readonly name: "KVM" | "TCG";
  /** The machine's own option. */
  readonly accel: string;
  readonly arguments: readonly string[];
  /** For the machine `microvm`. */
  readonly kernelParameters: readonly string[];
}

const KVM: Accelerator = {
  name: "KVM",
  accel: "kvm:tcg",
  arguments: ["-enable-kvm", "-cpu", "host,+x2apic,-sgx"],
  kernelParameters: [],
};

/** As with `microvm.cpu` set. QEMU 7.2 emulates cmpxchg16b wrongly; random numbers of its own spare a guest the wait for noise. */
const TCG_CPU = ["-cpu", "Nehalem,-cx16,+rdrand"];

/** A guest with KVM reports within a second or two. Where KVM is broken QEMU ends at once, or the guest stands still. */
const PATIENCE = 20_000;

/** KVM where a guest gets to its service with it, else TCG. */
export const acceleratorOf = async (
  image: GuestImage,
  signal: AbortSignal,
): Promise<Accelerator> => {
  const isThere = existsSync("/dev/kvm");
  return isThere && (await bootsWithKvm(image, signal)) ? KVM : await emulation();
};

const bootsWithKvm = async (
  { kernel, initrd }: GuestImage,
  signal: AbortSignal,
): Promise<boolean> => {
  const qemu = execa(
    "qemu-system-x86_64",
    [
      ["-M", "microvm,accel=kvm,pit=off,pic=off,rtc=on"],
      ["-m", "512M", "-nodefaults", "-no-user-config", "-no-reboot", "-nographic"],
      ["-kernel", kernel, "-initrd", initrd, "-append", "console=ttyS0 reboot=t panic=-1"],
      ["-chardev", "stdio,id=stdio,signal=off", "-serial", "chardev:stdio", ...KVM.arguments],
    ].flat(),
    {
      all: true,
      cancelSignal: signal,
      killSignal: "SIGKILL",
      reject: false,
      stdin: "ignore",
      timeout: PATIENCE,
    },
  );
  let hasReported = false;
  for await (const line of qemu.iterable({ from: "all" })) {
    hasReported = line.includes("API_KEY = ");
    if (hasReported) break;
  }
  qemu.kill("SIGKILL");
  await qemu;
  signal.throwIfAborted();
  return hasReported;
};

/**
 * The machine `microvm` has no timer but those of the processor, whose speed nobody tells a guest without KVM; and nothing to check them
 * with.
 */
export const emulation = async (): Promise<Accelerator> => {
  const mega = /^cpu MHz\s*:\s*([\d.]+)$/mu.exec(await readFile("/proc/cpuinfo", "utf8"))?.[1];
  const kilo = Math.round(Number(mega ?? "2000") * 1000);
  return {
    name: "TCG",
    accel: "tcg",
    arguments: TCG_CPU,
    kernelParameters: [`tsc_early_khz=${kilo}`, "tsc=reliable"],
  };
};
