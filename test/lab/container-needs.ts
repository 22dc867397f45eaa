import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { hasRootfs, type Release } from "./container/rootfs.ts";

/** Programs that a container needs, each with the package of Debian that brings it. */
const PROGRAMS = {
  "systemd-nspawn": "systemd-container",
  unshare: "util-linux",
  nsenter: "util-linux",
  setpriv: "util-linux",
  pgrep: "procps",
  journalctl: "systemd",
  "nix-store": "nix-bin",
  getfacl: "acl",
} as const;

/** What this machine lacks to boot the systemd of these releases, a sentence each. */
export const missingForContainers = (releases: readonly Release[]): readonly string[] => {
  if (process.getuid?.() !== 0) return ["only root may make containers"];
  const missing = Object.entries(PROGRAMS).flatMap(([program, brings]) =>
    isInstalled(program) ? [] : [`${program} is not installed (package ${brings})`],
  );
  if (!releases.every(hasRootfs) && !isInstalled("debootstrap"))
    missing.push("debootstrap is not installed, and no root file system is cached");
  return missing;
};

const isInstalled = (name: string): boolean =>
  [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"].some((directory) =>
    existsSync(join(directory, name)),
  );
