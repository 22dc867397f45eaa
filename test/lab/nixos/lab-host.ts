import { bootContainer, type Container, type Ended } from "../container/container.ts";
import { rootfsOf, type Release } from "../container/rootfs.ts";
import type { HostDescription, Shape } from "./description.ts";

/** A host of NixOS as far as microVMs go: a real systemd, and a real Nix store with generations of its system. */
export interface LabHost extends Container {
  readonly shape: Shape;
  /** Runs commands as root; throws with what they said where they fail. */
  shell(commands: string): Promise<string>;
  /** Builds a generation of the system, and switches to it or leaves it for the next boot. */
  rebuild(what: Pick<HostDescription, "vms" | "secrets">, how: "switch" | "boot"): Promise<void>;
}

export const bootHost = async (
  release: Release,
  shape: Shape,
  signal: AbortSignal,
): Promise<LabHost> => {
  const container = await bootContainer(await rootfsOf(release, signal), signal);
  const shell = async (commands: string): Promise<string> => {
    const ended = await container.inside("bash", "-euo", "pipefail", "-c", commands);
    if (ended.exitCode !== 0) throw new Error(`${commands}\n${wordsOf(ended)}`);
    return ended.stdout;
  };
  let generation = 0;
  const rebuild: LabHost["rebuild"] = async (what, how) => {
    generation += 1;
    const description: HostDescription = {
      shape,
      systemd: container.systemd,
      version: `2025121${generation}.${String(generation).repeat(7)}`,
      ...what,
    };
    await shell(`
      cat > /root/host.json <<'END'
${JSON.stringify(description)}
END
      system=$(nix-build --quiet --no-out-link ${NIX}/host.nix --argstr description /root/host.json 2>/root/build.log) || {
        tail -n 20 /root/build.log >&2
        exit 1
      }
      nix-env --quiet --profile /nix/var/nix/profiles/system --set "$system" 2>/dev/null
      "$system/bin/switch-to-configuration" ${how}`);
  };
  try {
    await shell(
      "install -d -m 0700 /var/lib/sops-nix; echo stands-for-a-key > /var/lib/sops-nix/key.txt",
    );
  } catch (error) {
    await container.stop();
    throw error;
  }
  return { ...container, shape, shell, rebuild };
};

/** Where the container shows the expressions. */
const NIX = "/run/program/nixos";

const wordsOf = ({ exitCode, stdout, stderr }: Ended): string =>
  `ended with ${exitCode}:\n${stdout.slice(-2000)}${stderr.slice(-2000)}`;
