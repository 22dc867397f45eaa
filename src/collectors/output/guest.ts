import type { GuestMeaning } from "../../evidence/output.ts";
import { hostPath } from "../../vocabulary.ts";
import { credentialSizes } from "./guest-sizes.ts";
import { isGuestLine } from "./guest-line.ts";

/** What a guest says of its credentials and of itself. */
export const guestWords = (text: string): readonly GuestMeaning[] => [
  ...credentialSizes(text),
  ...receivedCredentials(text),
  ...acquiredCredentials(text),
  ...skippedCredentials(text),
  ...directoryUnset(text),
  ...noCredentials(text),
  ...switchesRoot(text),
  ...importRefused(text),
  ...credentialsNotFound(text),
  ...missedByBoot(text),
  ...mounts(text),
  ...consoleFailures(text),
  ...modeComplaints(text),
  ...metadataMissing(text),
  ...guestKernel(text),
];

/** PID 1 of the guest (src/core/import-creds.c): `Received regular credentials: A, B`. vmm.notify_socket is the VMM's own. */
const RECEIVED = /Received (?:regular|untrusted|encrypted) credentials: (?<names>[\w.,\s-]+)/u;

const receivedCredentials = (text: string): readonly GuestMeaning[] => {
  const names = RECEIVED.exec(text)
    ?.groups?.["names"]?.split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("vmm."));
  return names === undefined || names.length === 0 ? [] : [{ kind: "credentials-received", names }];
};

const ACQUIRED = /\bAcquired (?<count>[1-9]\d*) (?:regular )?credentials/u;

const acquiredCredentials = (text: string): readonly GuestMeaning[] => {
  const count = ACQUIRED.exec(text)?.groups?.["count"];
  return count === undefined ? [] : [{ kind: "credentials-acquired", count: Number(count) }];
};

/** src/core/import-creds.c: shown by the VMM, and left where it is. */
const SKIPPED =
  /\bcredential ["'\u2018\u201C](?<name>[\w.@-]+)["'\u2019\u201D].{0,1000}\b(?:ignoring|skipping)\b/iu;

const skippedCredentials = (text: string): readonly GuestMeaning[] => {
  const name = SKIPPED.exec(text)?.groups?.["name"];
  if (name === undefined || !isGuestLine(text)) return [];
  if (/\blarger than\b|\btoo (?:large|big|long)\b/u.test(text))
    return [{ kind: "credential-skipped", name, why: "size" }];
  return /\b(?:decode|base64)\b/u.test(text)
    ? [{ kind: "credential-skipped", name, why: "encoding" }]
    : [];
};

/** A shell under `set -u`, or systemd-creds in a service that was given none. */
const UNSET =
  /\bCREDENTIALS_DIRECTORY: (?:unbound variable|parameter not set)|\$CREDENTIALS_DIRECTORY not set/u;

const directoryUnset = (text: string): readonly GuestMeaning[] =>
  isGuestLine(text) && UNSET.test(text) ? [{ kind: "credentials-directory-unset" }] : [];

/** src/core/import-creds.c of systemd; the kernel's word on its DMI tables (drivers/firmware/dmi_scan.c). */
const NONE_PASSED =
  /\b(?:Acquired|Received) 0 (?:regular )?credentials|\bNo credentials passed to (?:the )?system\b/u;
const NO_TABLE = /\bDMI not present or invalid/u;

const noCredentials = (text: string): readonly GuestMeaning[] => {
  if (NONE_PASSED.test(text)) return [{ kind: "credentials-none", why: "none-passed" }];
  return NO_TABLE.test(text) ? [{ kind: "credentials-none", why: "no-firmware-table" }] : [];
};

/** PID 1 of the initrd, and its target on the console. */
const SWITCHES =
  /\bsystemd\[1\]: Switching root\b|\bReached target .{0,1000}(?:\bSwitch Root\b|initrd-switch-root)/u;

const switchesRoot = (text: string): readonly GuestMeaning[] =>
  SWITCHES.test(text) ? [{ kind: "guest-switches-root" }] : [];

const DISABLED = /\bsystemd\.import_credentials=(?:no|0|false|off|n|f)\b/u;
/** PID 1 says at its start that it found itself in such a VM (src/core/main.c); what it then skips it says at most to its own log. */
const CONFIDENTIAL =
  /\bDetected confidential virtuali[sz]ation (?!none)\w|confidential (?:VM|virtuali[sz]ation|guest).{0,1000}credential|credential.{0,1000}confidential/iu;

/** A boot parameter that is merely listed by the kernel counts as well: it is in force. */
const importRefused = (text: string): readonly GuestMeaning[] => {
  if (DISABLED.test(text)) return [{ kind: "import-refused", why: "disabled" }];
  return CONFIDENTIAL.test(text) ? [{ kind: "import-refused", why: "confidential" }] : [];
};

/** src/core/exec-credential.c: the service starts all the same where the credential was asked for by name alone. */
const NOT_FOUND =
  /inherited credential ["'\u2018\u201C](?<name>[\w.-]+)["'\u2019\u201D].{0,1000}No such file/u;

const credentialsNotFound = (text: string): readonly GuestMeaning[] => {
  const name = NOT_FOUND.exec(text)?.groups?.["name"];
  return name === undefined ? [] : [{ kind: "credential-not-found", name }];
};

/** Who works before the guest's units do: activation in stage 1 or 2, and installers of the guest's own secrets. */
const BOOT =
  /\b(?:initrd-nixos-activation-start|stage-[12]-init|stage-2-init|sops-install-secrets|agenix)\b|Activation script snippet/u;
const MISSING =
  /["'\u2018\u201C\s](?<path>\/[^\s"'\u2019\u201D:]+)["'\u2019\u201D]?(?:\s*:\s*|\s+)(?:[Nn]o such file|does not exist|not found)|(?:cannot|can't|failed to) (?:read|open|stat|find)\b[^/]{0,1000}["'\u2018\u201C]?(?<key>\/[^\s"'\u2019\u201D:]+)/u;

const missedByBoot = (text: string): readonly GuestMeaning[] => {
  if (!BOOT.test(text)) return [];
  const found = MISSING.exec(text)?.groups;
  const path = found?.["path"] ?? found?.["key"];
  return path === undefined ? [] : [{ kind: "boot-misses-file", path: hostPath(path) }];
};

/** PID 1 of the guest about a mount unit: `Mounting /etc/keys...`, `Mounted /etc/keys.` */
const MOUNTS = /\bMount(?:ing|ed) (?<path>\/[^\s]*?)(?:\.{3}|\.|\u2026)?\s*$/u;

const mounts = (text: string): readonly GuestMeaning[] => {
  const path = MOUNTS.exec(text)?.groups?.["path"];
  return path === undefined ? [] : [{ kind: "guest-mounts", path: hostPath(path) }];
};

/** systemd's and the initrd's words on a console, whatever the distribution. */
const EMERGENCY =
  /\byou are in emergency mode\b|\bReached target .{0,1000}\bEmergency Mode\b|\b(?:enter(?:ing|ed)?|start(?:ing|ed)?|drop(?:ping|ped|s)?|into)\b.{0,16}\bemergency\b (?:mode|shell)\b/iu;
const FAILED =
  /^\s*\[\s*FAILED\s*\]\s*(?:Failed (?:to start|to mount|unmounting|mounting)\s+)?(?<what>\S.*)$/u;

/** The kernel gives up, or the first stage of NixOS's boot does. */
const PANIC = /Kernel panic - not syncing|An error occurred in stage \d of the boot process/u;

const consoleFailures = (text: string): readonly GuestMeaning[] => {
  if (PANIC.test(text)) return [{ kind: "guest-panic" }];
  if (EMERGENCY.test(text) && !/\bStopp(?:ed|ing)\b/u.test(text))
    return [{ kind: "guest-emergency" }];
  const what = FAILED.exec(text.trimEnd())?.groups?.["what"]?.replace(/(?<=.)\.$/u, "");
  return what === undefined ? [] : [{ kind: "guest-failed", what }];
};

/** A program that insists on 0600 and sees the 0440 that an ACL looks like. */
const TOO_WIDE =
  /(?:world|group)[- ](?:or world[- ])?(?:readable|accessible)|(?:mode|permissions?)\D{0,12}(?:0?100)?0?440\b|too (?:open|permissive|wide)/iu;

const modeComplaints = (text: string): readonly GuestMeaning[] =>
  TOO_WIDE.test(text) && /\/run\/credentials\/|CREDENTIALS_DIRECTORY/u.test(text)
    ? [{ kind: "credential-mode" }]
    : [];

/** cloud-init got no metadata and goes on without (cc_final_message.py). */
const metadataMissing = (text: string): readonly GuestMeaning[] =>
  /\b(?:Used )?fallback datasource\b|\bDataSourceNone\b/iu.test(text)
    ? [{ kind: "guest-without-metadata" }]
    : [];

/** What a Linux guest says first: its kernel, the stages of NixOS, systemd's marks on a console, a login. From here on the VMM has done its part. */
const GUEST_KERNEL = new RegExp(
  [
    String.raw`^\s*\[\s*\d+\.\d+\]\s`,
    String.raw`^\s*Linux version \d`,
    String.raw`^\s*\[\s*(?:OK|FAILED|DEPEND|SKIP)\s*\]`,
    String.raw`^<<< (?:NixOS Stage \d|Welcome to)`,
    String.raw`^Welcome to .*\bNixOS`,
    String.raw`^[\w.-]+ login:\s`,
    String.raw`systemd\[1\]: (?:Hostname set|Reached target)`,
  ].join("|"),
  "u",
);

const UP =
  /\bReached target .{0,1000}\b(?:Multi-User System|Graphical Interface)\b|^[\w.-]+ login:\s*$|^<<< Welcome to/u;

const guestKernel = (text: string): readonly GuestMeaning[] => [
  ...(GUEST_KERNEL.test(text) ? [{ kind: "guest-kernel" } as const] : []),
  ...(UP.test(text) ? [{ kind: "guest-up" } as const] : []),
];
