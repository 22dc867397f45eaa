import { plannedHost, type Plan } from "../host/planned-host.ts";
import { sshArguments } from "../host/remote/ssh-arguments.ts";
import { diagnoseHosts } from "./diagnose-hosts.ts";
import type { Refusal, Request } from "./request.ts";

/** What stands for the VMs that are found, where none is named. */
const ANY_VM = "VM";

export type PlanAnswer =
  | {
      readonly status: "planned";
      readonly plan: Plan;
      /** The commands that lead to other hosts. */
      readonly connections: readonly (readonly string[])[];
      readonly followUps: readonly string[];
    }
  | Refusal;

/**
 * What `collect` would ask of a host, found out by asking one that answers nothing. What it asks beyond depends on the answers and is
 * told by kind.
 */
export const planned = async (request: Request): Promise<PlanAnswer> => {
  const { host, plan } = plannedHost();
  const answer = await diagnoseHosts([host], {
    ...request,
    vms: request.vms.length === 0 ? [ANY_VM] : request.vms,
    flake: undefined,
  });
  if (answer.status !== "diagnosed") return answer;
  return {
    status: "planned",
    plan: plan(),
    connections: (request.source.host ?? []).map((destination) => [
      "ssh",
      ...sshArguments(destination, []),
    ]),
    followUps: FOLLOW_UPS,
  };
};

const FOLLOW_UPS: readonly string[] = [
  "lstat and readlink of every link, directory and file on the way to a secret that a unit, a runner, a share or the journal names; no such file is opened",
  "getfacl --numeric --absolute-names --physical -- those paths",
  "text of unit files and drop-ins below the directories of systemd.unit(5) and of the systems in /nix/var/nix/profiles",
  "text of runner scripts, installers and helpers that everybody may read, below /nix/store",
  "nix-store --check-validity, --query --referrers-closure and --dump-db of the VM's runners",
  "nix path-info --json of the VM's runners",
  "systemctl show of the VM's unit, on a live host",
  "journalctl for units that make the secrets of the VM, for starts that systemd could not set up, and one entry at a time where the VM was down for long",
  "journalctl --header, and --verify where the journal is small and not being written",
  "git in the directory that --flake names, reading only",
];
