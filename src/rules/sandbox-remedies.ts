import type { SandboxSetting } from "../evidence/unit.ts";
import type { HostPath } from "../vocabulary.ts";
import type { Remedy } from "./rule.ts";

/** Opens the unit's namespace for one path, in the way that the setting at hand allows. */
export const openSandbox = (unit: string, setting: SandboxSetting, path: HostPath): Remedy => {
  const name = unit.replace(/\.service$/u, "");
  const how = waysToOpen(setting, path);
  return {
    title: how.title,
    kind: "nix",
    snippet: `{ lib, ... }:
{
  systemd.services."${name}".serviceConfig = {
${how.lines.map((line) => `    ${line}`).join("\n")}
  };
}
`,
    clears: ["access/namespace"],
    leaves: ["access/file-mode", "access/parent-directory"],
    repairs: [{ kind: "sandbox-opened", path }],
    cost: how.cost,
  };
};

interface Opening {
  readonly title: string;
  readonly lines: readonly string[];
  readonly cost: string;
}

const waysToOpen = ({ key, value }: SandboxSetting, path: HostPath): Opening => {
  const bound = `BindReadOnlyPaths = [ "${path}" ];`;
  const shows = `The unit sees this one file again. A file that is replaced later, as each new generation of secrets does, is seen after a restart.`;
  switch (key) {
    case "PrivateUsers":
      return {
        title: "Let the unit run without a user namespace of its own",
        lines: ["PrivateUsers = lib.mkForce false;"],
        cost: "Takes one layer of isolation from the unit.",
      };
    case "InaccessiblePaths":
      return {
        title: `Take ${value} out of InaccessiblePaths=`,
        lines: ["InaccessiblePaths = lib.mkForce [ ];"],
        cost: "Opens all that was closed; put back what has to stay closed. A bind mount cannot be nested in it.",
      };
    case "ProtectHome":
      return {
        title: "Hide the homes in a way that a bind mount can be nested in",
        lines: ['ProtectHome = lib.mkForce "tmpfs";', bound],
        cost: shows,
      };
    default:
      return { title: "Bind the file into the unit's namespace", lines: [bound], cost: shows };
  }
};
