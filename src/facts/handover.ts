import type { FileRef } from "../evidence/reference.ts";
import type { Runner, SecretChannel } from "../evidence/runner.ts";
import type { HostPath } from "../vocabulary.ts";
import { isSecretDirectory, type Secret } from "./secrets.ts";
import { listed } from "./wording.ts";

/** One way on which this runner can bring a secret to the guest. */
export interface Way {
  readonly title: string;
  readonly ref: FileRef;
}

/** Every way for secrets in a runner; none for the default runner of a VM that is told nothing. */
export const waysForSecrets = (runner: Runner, secrets: readonly Secret[]): readonly Way[] => [
  ...runner.channels.flatMap((channel) => channelWay(channel, secrets)),
  ...(runner.credentialsDirectory === undefined
    ? []
    : [{ title: "reads $CREDENTIALS_DIRECTORY", ref: runner.credentialsDirectory.ref }]),
  ...runner.reads.map(({ path, ref }) => ({ title: `reads ${path} itself`, ref })),
  ...(takesFromEnvironment(runner, secrets)
    ? [
        {
          title: `takes ${listed(runner.environment.names)} from the unit's environment`,
          ref: runner.environment.ref,
        },
      ]
    : []),
];

/** The unit is given a file of variables, and the script uses some that it does not set itself. */
export const takesFromEnvironment = (
  runner: Runner,
  secrets: readonly Secret[],
): runner is Runner & Required<Pick<Runner, "environment">> =>
  runner.environment !== undefined && secrets.some(({ inEnvironment }) => inEnvironment === true);

const channelWay = (channel: SecretChannel, secrets: readonly Secret[]): readonly Way[] => {
  switch (channel.kind) {
    case "fw-cfg-file":
      return [
        { title: `passes ${channel.path} through fw_cfg as ${channel.name}`, ref: channel.ref },
      ];
    case "fw-cfg-string":
      return [{ title: `passes ${channel.name} through fw_cfg as a string`, ref: channel.ref }];
    case "oem-literal":
      return [
        {
          title: `passes ${channel.names.join(", ")} as SMBIOS strings fixed at build time`,
          ref: channel.ref,
        },
      ];
    case "oem-runtime":
      return [{ title: "passes SMBIOS strings put together at run time", ref: channel.ref }];
    case "smbios-argument":
      return [
        {
          title: `passes ${channel.path ?? channel.names.join(", ")} with -smbios`,
          ref: channel.ref,
        },
      ];
    case "kernel-command-line":
      return [
        {
          title: `passes ${channel.names.join(", ")} on the kernel command line`,
          ref: channel.ref,
        },
      ];
    case "share":
      return sharesSecrets(channel.path, secrets)
        ? [{ title: `shares ${channel.path} over ${channel.protocol}`, ref: channel.ref }]
        : [];
    case "arguments-script":
      return [];
  }
};

/** A share of the store or of data is no way for secrets; one of, above or below a secret's directory is. */
export const sharesSecrets = (path: HostPath, secrets: readonly Secret[]): boolean =>
  isSecretDirectory(path) ||
  secrets.some(({ paths }) => paths.some((secret) => secret.startsWith(`${path}/`)));

/** The credential ids of the unit that this runner takes from $CREDENTIALS_DIRECTORY; `all` where it takes whatever lies there. */
export const credentialsUsed = (runner: Runner): readonly string[] | "all" => {
  if (runner.credentialsDirectory === undefined) return [];
  return runner.credentialsDirectory.ids.length === 0 ? "all" : runner.credentialsDirectory.ids;
};

/** Paths that the runner or the VMM opens as the unit's own user. */
export const pathsReadAsUser = (
  runner: Runner,
): readonly {
  readonly path: HostPath;
  readonly ref: FileRef;
  readonly by: "runner" | "hypervisor";
}[] => [
  ...runner.reads.map(({ path, ref }) => ({ path, ref, by: "runner" as const })),
  ...runner.channels.flatMap((channel) =>
    (channel.kind === "fw-cfg-file" || channel.kind === "smbios-argument") &&
    channel.path?.startsWith("/run/credentials/") === false
      ? [{ path: channel.path, ref: channel.ref, by: "hypervisor" as const }]
      : [],
  ),
];
