import type { CredentialStore } from "../evidence/credential-store.ts";
import type { FileRef, FileStat } from "../evidence/reference.ts";
import type { PassedValue, Runner, SecretChannel } from "../evidence/runner.ts";
import type { SecretFiles } from "../evidence/secret-files.ts";
import type { VmUnit } from "../evidence/unit.ts";
import type { InvocationId } from "../vocabulary.ts";
import type { History, Phase } from "./history.ts";
import { isPublicName } from "./public-names.ts";
import type { Secret } from "./secrets.ts";

/** A value that a runner hands to its VMM in an argument, and by which channel. */
export interface Passed {
  readonly channel: Exclude<SecretChannel["kind"], "arguments-script" | "fw-cfg-file" | "share">;
  readonly value: PassedValue;
  readonly ref: FileRef;
}

export const passedValues = ({ channels }: Runner): readonly Passed[] =>
  channels.flatMap((channel): readonly Passed[] => {
    switch (channel.kind) {
      case "fw-cfg-file":
      case "share":
      case "arguments-script":
        return [];
      case "fw-cfg-string":
        return channel.value === undefined
          ? []
          : [{ channel: channel.kind, value: channel.value, ref: channel.ref }];
      case "oem-literal":
      case "oem-runtime":
      case "smbios-argument":
      case "kernel-command-line":
        return (channel.values ?? []).map((value) => ({
          channel: channel.kind,
          value,
          ref: channel.ref,
        }));
    }
  });

/**
 * Credentials that configure and need no hiding (systemd.system-credentials(7)): names, networks, keys that are public, texts. What can
 * hold anything (systemd.extra-unit.*, passwd.*) is none of them.
 */
export const isPublicCredential = (name: string): boolean =>
  isPublicName(name) ||
  /^(?:vmm\.|firstboot\.(?:keymap|locale|timezone)|system\.(?:hostname|machine_id)|network\.(?:hosts|dns|search_domains|conf)|network\.network|ssh\.(?:authorized_keys|ephemeral-authorized_keys|listen)|tmpfiles\.extra|sysusers\.extra|sysctl\.extra|udev\.|login\.(?:motd|issue)|agetty\.|getty\.|shell\.|fstab\.extra|vconsole\.|journal\.|userdb\.transient|systemd\.machine_id)/u.test(
    name,
  );

/** The newest phase with starts, and those of its starts that are known to have run this runner. */
export const startsOfRunner = (
  runner: Runner,
  history: History | undefined,
): { readonly phase?: Phase; readonly starts: readonly InvocationId[] } => {
  const phase = history?.phases.findLast(({ starts }) => starts.length > 0);
  if (phase === undefined) return { starts: [] };
  const isItsOwn = phase.runner !== undefined && phase.runner.path === runner.directory;
  return { phase, starts: isItsOwn ? phase.starts.map(({ id }) => id) : [] };
};

/** The file on the host that this secret comes from, by the walk that found it; the size of an encrypted source is not its value's. */
export const sourceFile = (
  { paths }: Secret,
  { walks }: SecretFiles,
): { readonly ref: FileRef; readonly stat: FileStat } | undefined => {
  for (const path of paths) {
    const walk = walks.get(path);
    if (walk?.end === "present" && walk.file?.stat.type === "file")
      return { ref: walk.ref, stat: walk.file.stat };
  }
  return undefined;
};

/** A file whose bytes a runner passed on, as far as its size tells what they were. */
export interface ReadFile {
  /** systemd's copy for the unit, which stays as it was at the start, or the file on the host. */
  readonly of: "copy" | "source";
  readonly ref: FileRef;
  readonly stat: FileStat;
}

/** What a runner read of this secret: systemd's copy where it is there, else the source; nothing where only ciphertext has a size. */
export const fileRead = (
  secret: Secret,
  secretFiles: SecretFiles,
  { unit, credentialStore }: { readonly unit?: VmUnit; readonly credentialStore?: CredentialStore },
): ReadFile | undefined => {
  const copy = credentialStore?.given.credentials.find(({ name }) =>
    secret.credentialIds.includes(name),
  )?.ref;
  if (copy?.stat?.type === "file") return { of: "copy", ref: copy, stat: copy.stat };
  const isEncrypted = unit?.credentials.some(
    ({ id, encrypted }) => encrypted && secret.credentialIds.includes(id),
  );
  const source = isEncrypted === true ? undefined : sourceFile(secret, secretFiles);
  return source === undefined ? undefined : { of: "source", ...source };
};

/** The newest size that a guest gave for one of these names, in these starts. */
export const newestReport = (
  secret: Secret,
  starts: readonly InvocationId[],
): Secret["reports"][number] | undefined =>
  secret.reports.findLast(({ start }) => starts.includes(start));
