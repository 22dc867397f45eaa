import type { Hypervisor } from "../evidence/runner.ts";
import { hostPath, type HostPath, type RuleId } from "../vocabulary.ts";
import {
  asDropIn,
  guestSetting,
  inOwnFlake,
  isGuestOfHost,
  nixName,
  type RemedyContext,
} from "./remedy-places.ts";
import type { Remedy, Repair } from "./rule.ts";

/** Runners that microvm.nix can give a virtiofs share (lib/runners/*.nix at 71beea0). */
const SERVES_VIRTIOFS: ReadonlySet<Hypervisor> = new Set([
  "qemu",
  "cloud-hypervisor",
  "crosvm",
  "stratovirt",
  "alioth",
]);

/** Faults that a hand-over by systemd makes harmless: root reads the file, whatever its mode. */
const READ_AS_USER: readonly RuleId[] = [
  "access/file-mode",
  "access/parent-directory",
  "runner/reads-secret-directly",
  "runner/swallowed-read-error",
];
const EMPTY_GUEST: readonly RuleId[] = ["guest/empty-credential", "guest/absent-credential"];
const NO_WAY: readonly RuleId[] = [
  "runner/no-secret-path",
  "credentials/configured-unused",
  "runner/override-discarded",
];

/** What a value as base64 in a single --platform is not exposed to. */
const PUT_TOGETHER_WELL: readonly RuleId[] = [
  "hypervisor/not-expanded",
  "hypervisor/empty-in-transit",
  "hypervisor/value-truncated",
];
/** What a value that is no argument is not exposed to. */
const NO_ARGUMENT: readonly RuleId[] = [
  ...PUT_TOGETHER_WELL,
  "hypervisor/channel-unsupported",
  "hypervisor/too-large",
  "exposure/command-line",
];

/** The ways to give this VM its secrets, best first, for the hypervisor that it runs on. */
export const waysToHandOver = (context: RemedyContext): readonly Remedy[] => {
  const hypervisor = context.runner?.hypervisor;
  const qemu = credentialFiles(context, hypervisor === "qemu");
  const share = shareOfCopies(context);
  if (hypervisor === "qemu") return [qemu, share];
  if (hypervisor === "cloud-hypervisor")
    return [
      wrappedRunner(context),
      ...(isGuestOfHost(context) ? [execStart(context)] : []),
      share,
      qemu,
    ];
  return hypervisor === undefined || SERVES_VIRTIOFS.has(hypervisor) ? [share, qemu] : [qemu];
};

/** systemd reads as root and hands a copy to the unit: needed by every way but a share. */
export const loadCredential = (context: RemedyContext): Remedy => ({
  title: "Let systemd read the secrets and hand them to the unit",
  kind: "nix",
  snippet: `{
${asDropIn(context)}  systemd.services."microvm@${context.vm}".serviceConfig.LoadCredential = [
${credentialLines(context, "    ")}
  ];
}
`,
  clears: ["access/file-mode", "access/parent-directory"],
  leaves: [...NO_WAY, "runner/reads-secret-directly"],
  repairs: loaded(context),
  cost: "The runner has to read $CREDENTIALS_DIRECTORY: by itself this changes nothing for a runner that reads the path directly.",
});

/** Gives the file to the unit's user: the smallest change where the runner has to read it itself. */
export const ownedByReader = (context: RemedyContext, path: HostPath): Remedy => {
  const user = context.unit?.user?.value ?? "microvm";
  const name = path.replace(/^\/run\/(?:secrets|agenix)\//u, "");
  // What no installer makes anew is changed where it lies.
  const isInstalled = name !== path;
  return {
    title: `Let ${user} read the file`,
    kind: isInstalled ? "nix" : "command",
    snippet: !isInstalled
      ? `chown ${user} ${path} && chmod 0400 ${path}`
      : path.startsWith("/run/agenix/")
        ? `{
  age.secrets."${name}" = { owner = "${user}"; mode = "0400"; };
}
`
        : `{
  sops.secrets."${name}" = { owner = "${user}"; mode = "0400"; };
}
`,
    clears: ["access/file-mode"],
    leaves: ["runner/reads-secret-directly", ...NO_WAY],
    repairs: [{ kind: "file-access", path, owner: user, mode: 0o400 }],
    cost: `Every VM of this host runs as ${user} and could read it: a hand-over by systemd keeps the file root's.`,
  };
};

/** A stand-in for cloud-hypervisor that adds the credentials to what the runner passes as --platform; readiness stays in it. */
const wrappedVmm = ({
  runner,
  vm,
}: RemedyContext): string => `pkgs.writeShellScript "cloud-hypervisor-with-credentials" ''
      set -eu
      strings=""
      for file in "$CREDENTIALS_DIRECTORY"/*; do
        value=$(\${pkgs.coreutils}/bin/base64 --wrap=0 "$file")
        strings="$strings,io.systemd.credential.binary:''\${file##*/}=$value"
      done
      args=()
      while [ $# -gt 0 ]; do
        if [ "$1" = --platform ]; then
          kept=''\${2#oem_strings=[}
          kept=''\${kept%]}
          all="$kept$strings"
          args+=(--platform "oem_strings=[''\${all#,}]")
          shift 2
        else
          args+=("$1")
          shift
        fi
      done
      exec -a "microvm@${runner?.guestName ?? vm}" \${lib.getExe pkgs.cloud-hypervisor} "''\${args[@]}"
    ''`;

const wrappedRunner = (context: RemedyContext): Remedy => ({
  title: "Put the credentials on the VMM's command line at start, with a runner of your own",
  kind: "nix",
  snippet: `{
${asDropIn(context)}  systemd.services."microvm@${context.vm}".serviceConfig.LoadCredential = [
${credentialLines(context, "    ", "guest")}
  ];
${
  isGuestOfHost(context)
    ? `
  microvm.vms.${nixName(context.vm)}.config = ${wrappingModule(context)};
}
`
    : inOwnFlake(context, wrappingModule(context))
}`,
  clears: [...NO_WAY, ...READ_AS_USER, ...EMPTY_GUEST, ...PUT_TOGETHER_WELL],
  leaves: [],
  repairs: [...loaded(context, "guest"), ...handedOver(context, "guest")],
  cost: "The values are arguments of the VMM, so every local user can see them in ps. x86_64 only. Needs a rebuild and a restart of the VM. The string that reports readiness is kept.",
});

const wrappingModule = (context: RemedyContext): string => `{ config, lib, pkgs, ... }:
  let
    default = config.microvm.runner.cloud-hypervisor;
    vmm = ${wrappedVmm(context)};
  in
  {
    microvm.declaredRunner = lib.mkForce (pkgs.runCommand default.name { } ''
      cp -r \${default} $out
      chmod -R u+w $out
      rm $out/bin/microvm-run
      sed 's#[^ ]*/bin/cloud-hypervisor#\${vmm}#' \${default}/bin/microvm-run > $out/bin/microvm-run
      chmod 0555 $out/bin/microvm-run
    '');
  }`;

const execStart = (context: RemedyContext): Remedy => ({
  title: "Replace the start command at the host, together with LoadCredential=",
  kind: "nix",
  snippet: `{ config, lib, pkgs, ... }:
  let
    default = config.microvm.vms.${nixName(context.vm)}.config.config.microvm.declaredRunner;
    vmm = ${wrappedVmm(context)};
  in
{
  systemd.services."microvm@${context.vm}" = {
    overrideStrategy = "asDropin";
    serviceConfig = {
      LoadCredential = [
${credentialLines(context, "        ", "guest")}
      ];
      ExecStart = [
        ""
        (pkgs.runCommand "microvm-run-${context.vm}" { } ''
          sed 's#[^ ]*/bin/cloud-hypervisor#\${vmm}#' \${default}/bin/microvm-run > $out
          chmod 0555 $out
        '')
      ];
    };
  };
}
`,
  clears: [...NO_WAY, ...READ_AS_USER, ...EMPTY_GUEST, ...PUT_TOGETHER_WELL],
  leaves: ["runner/stale-booted"],
  repairs: [...loaded(context, "guest"), ...handedOver(context, "guest")],
  cost: `You own the start command from then on, and current no longer decides what runs. Without the LoadCredential= lines it would still run as ${context.unit?.user?.value ?? "microvm"} and meet the same Permission denied. The values can be seen in ps.`,
});

const credentialFiles = (context: RemedyContext, already: boolean): Remedy => ({
  title: already
    ? "Hand the credentials to QEMU by file"
    : "Run this VM under QEMU, which takes credentials by file",
  kind: "nix",
  snippet: `{
${asDropIn(context)}  systemd.services."microvm@${context.vm}".serviceConfig.LoadCredential = [
${credentialLines(context, "    ")}
  ];
${guestSetting(
  context,
  `microvm = {
    hypervisor = "qemu";
    credentialFiles = {
${credentials(context)
  .map(
    ({ id, guest }) => `      "${guest}" = "/run/credentials/microvm@${context.vm}.service/${id}";`,
  )
  .join("\n")}
    };
  };`,
)}`,
  clears: [...NO_WAY, ...READ_AS_USER, ...EMPTY_GUEST, ...NO_ARGUMENT],
  leaves: [],
  repairs: [
    ...(already ? [] : [{ kind: "hypervisor-changed" as const, to: "qemu" as const }]),
    ...loaded(context),
    ...handedOver(context),
  ],
  cost: `${already ? "" : "Another VMM: check devices and memory options. "}credentialFiles is for QEMU alone (microvm.nix since 2025-07-23); names of at most 28 characters; no value on a command line.`,
});

/** A directory of its own, which no activation replaces. */
export const shareOfCopies = (context: RemedyContext): Remedy => ({
  title: "Share a directory with copies of the secrets over virtiofs",
  kind: "nix",
  snippet: `{ pkgs, ... }:
{
  systemd.services.secrets-for-${context.vm} = {
    requiredBy = [ "microvm-virtiofsd@${context.vm}.service" ];
    before = [ "microvm-virtiofsd@${context.vm}.service" ];
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      RuntimeDirectory = "secrets-for-${context.vm}";
      RuntimeDirectoryMode = "0700";
    };
    script = ''
${credentials(context)
  .map(({ source, guest }) => `      install -m 0400 ${source} "$RUNTIME_DIRECTORY/${guest}"`)
  .join("\n")}
    '';
  };
${guestSetting(
  context,
  `microvm.shares = [
    {
      proto = "virtiofs";
      tag = "secrets";
      source = "/run/secrets-for-${context.vm}";
      mountPoint = "/run/host-secrets";
    }
  ];`,
)}`,
  clears: [...NO_WAY, ...READ_AS_USER, ...EMPTY_GUEST, ...NO_ARGUMENT, "hypervisor/share-emptied"],
  leaves: [],
  repairs: [
    {
      kind: "secrets-shared",
      source: hostPath(`/run/secrets-for-${context.vm}`),
      secrets: credentials(context).map(({ source }) => source.slice(source.lastIndexOf("/") + 1)),
    },
  ],
  cost: "The guest finds files instead of systemd credentials: its services must read /run/host-secrets. virtiofsd reads as root. A share of /run/secrets itself goes empty at the next switch.",
});

/** Names for snippets: what the unit already loads, else one credential per known secret file. */
const credentials = ({
  unit,
  secrets,
}: RemedyContext): readonly {
  readonly id: string;
  readonly source: string;
  readonly guest: string;
}[] => {
  const loaded = (unit?.credentials ?? []).flatMap(({ id, source }) =>
    source === undefined ? [] : [{ id, source }],
  );
  const wanted =
    loaded.length > 0
      ? loaded
      : secrets.flatMap(({ name, paths }) =>
          paths[0] === undefined ? [] : [{ id: name, source: paths[0] }],
        );
  const named = wanted.map(({ id, source }) => ({
    id,
    source: String(source),
    guest:
      secrets.find(
        ({ credentialIds, paths }) => credentialIds.includes(id) || paths.includes(source),
      )?.guestNames[0] ?? id,
  }));
  if (named.length > 0) return named;
  // Where the host would have them, nothing shows; what they are called in the guest, it may.
  const unplaced = secrets.map(({ name, guestNames }) => ({
    id: name,
    source: `/run/secrets/${name}`,
    guest: guestNames[0] ?? name,
  }));
  return unplaced.length > 0
    ? unplaced
    : [{ id: "my-secret", source: "/run/secrets/my-secret", guest: "my-secret" }];
};

/** The unit loads each of these credentials. */
const loaded = (context: RemedyContext, named: "id" | "guest" = "id"): readonly Repair[] =>
  credentials(context).map((credential) => ({
    kind: "credential-loaded",
    id: credential[named],
    source: hostPath(credential.source),
  }));

/** The runner hands each of them to the guest. */
const handedOver = (context: RemedyContext, named: "id" | "guest" = "id"): readonly Repair[] =>
  credentials(context).map((credential) => ({
    kind: "credential-handed-over",
    id: credential[named],
    guestName: credential.guest,
  }));

/** Lines of LoadCredential=, under the unit's own ids or under the names that the guest asks for. */
const credentialLines = (
  context: RemedyContext,
  indent: string,
  named: "id" | "guest" = "id",
): string =>
  credentials(context)
    .map((credential) => `${indent}"${credential[named]}:${credential.source}"`)
    .join("\n");
