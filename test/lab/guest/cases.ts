import { canary } from "../../support/canary.ts";
import { BASH } from "./runner.ts";

/** One way in which a secret comes to a guest or does not. */
export interface GuestCase {
  /** The VM's name as well. */
  readonly name: string;
  /** What is brought about, in a few words. */
  readonly what: string;
  readonly isBounded: boolean;
  readonly machine: "microvm" | "q35";
  /** Whether QEMU asks for KVM first, and emulates without it. */
  readonly wantsKvm?: true;
  /** Commands that make the host's secrets, in a directory of the VM's own below /run/secrets. */
  readonly host: string;
  /** Lines of the drop-in's [Service]. */
  readonly unit?: string;
  /** What `credentialFiles` or `qemu.extraArgs` add to QEMU's words. */
  readonly credentials?: readonly string[];
  /** The text of an `extraArgsScript`. */
  readonly script?: string;
  /** Commands around the time in which the VM is looked at. */
  readonly around?: { readonly before: string; readonly after: string };
  readonly expected: Expected;
  /** journald keeps QEMU's command line, and with it the secret: something has to be masked. */
  readonly isLogged?: true;
  /** Whether it is looked at once more after it was stopped. */
  readonly isStopped?: true;
}

export interface Expected {
  readonly everWorked: "yes" | "no";
  readonly status: "healthy" | "failing" | "stopped";
  /** Of what happened. */
  readonly rootCauses: readonly string[];
  /** What `check` says before the start. */
  readonly foretold: {
    readonly prediction: "yes" | "no" | "unknown";
    readonly rootCauses: readonly string[];
  };
  /** Of each secret: source, access, credentials, runner, hypervisor, guest. */
  readonly stages: Readonly<Record<string, string>>;
  /** What the guest says; nothing where QEMU never runs. */
  readonly guestSays?: string;
  /** What else must be found. */
  readonly finds?: readonly string[];
}

/** What the guest's service finds, of a secret of this size. */
const SECRET = canary("api-key", 41);

const WORKS = "API_KEY = 41 bytes";
const LACKS = "API_KEY = 0 bytes";

const secretsOf = (vm: string): string => `/run/secrets/${vm}`;

const good = (vm: string): string =>
  `printf %s ${SECRET} > ${secretsOf(vm)}/api-key && chmod 0400 ${secretsOf(vm)}/api-key`;

const loaded = (vm: string): string => `LoadCredential=api-key:${secretsOf(vm)}/api-key`;

const fwCfg = (name: string, path: string): readonly string[] => [
  "-fw_cfg",
  `name=opt/io.systemd.credentials/${name},file=${path}`,
];

const fromCredentials = (vm: string, file: string): string =>
  `/run/credentials/microvm@${vm}.service/${file}`;

/** The OEM string of the secret, put together at each start. */
const SMBIOS_SCRIPT = `#!${BASH}
echo "-smbios type=11,value=io.systemd.credential.binary:api-key=$(base64 -w0 < "$CREDENTIALS_DIRECTORY/api-key")"
`;

/** The same, reading the secret itself as the unit's user. Nothing stops it where that fails. */
const directScript = (vm: string): string => `#!${BASH}
echo "-smbios type=11,value=io.systemd.credential.binary:api-key=$(base64 -w0 < ${secretsOf(vm)}/api-key)"
`;

/** A file that is an OEM string as a whole, as a template of sops-nix makes it. */
const oemStrings = (vm: string): string =>
  `printf 'io.systemd.credential.binary:api-key=%s' "$(printf %s ${SECRET} | base64 -w0)" > ${secretsOf(vm)}/oem-strings && chmod 0400 ${secretsOf(vm)}/oem-strings`;

const smbiosFile = (vm: string) => ({
  host: oemStrings(vm),
  unit: `LoadCredential=oem-strings:${secretsOf(vm)}/oem-strings`,
  credentials: ["-smbios", `type=11,path=${fromCredentials(vm, "oem-strings")}`],
});

const smbiosValue = (vm: string) => ({ host: good(vm), unit: loaded(vm), script: SMBIOS_SCRIPT });

/** A healthy VM whose guest has the secret. */
const ARRIVES: Expected = {
  everWorked: "yes",
  status: "healthy",
  rootCauses: [],
  foretold: { prediction: "yes", rootCauses: [] },
  stages: { "api-key": "ok ok ok ok ok ok" },
  guestSays: WORKS,
};

/** A VM that never has it, for a cause that is to be seen before the start. */
const stopsAt = (cause: string, stages: string, more: Partial<Expected> = {}): Expected => ({
  everWorked: "no",
  status: "failing",
  rootCauses: [cause],
  foretold: { prediction: "no", rootCauses: [cause] },
  stages: { "api-key": stages },
  ...more,
});

/** The host's own node of the device, where the machine has one. */
const CLOSED_KVM = {
  before: "[ ! -e /run/kvm ] || chmod 0600 /run/kvm",
  after: "[ ! -e /run/kvm ] || chmod 0660 /run/kvm",
};

/** What systemd mounts for a unit comes back from where it is made through shared mounts alone; containers differ in what they give it. */
const PRIVATE_MOUNTS = { before: "mount --make-rprivate /", after: "mount --make-rshared /" };

/** Nothing on the host shows it before the start. */
const NOT_MOUNTED: Expected = {
  ...stopsAt("unrelated/host-environment", "ok ok broken not-reached not-reached not-reached"),
  foretold: { prediction: "yes", rootCauses: [] },
};

export const GUEST_CASES: readonly GuestCase[] = [
  {
    name: "fw-cfg",
    what: "LoadCredential= and credentialFiles, as they should be",
    isBounded: true,
    machine: "microvm",
    host: good("fw-cfg"),
    unit: loaded("fw-cfg"),
    credentials: fwCfg("api-key", fromCredentials("fw-cfg", "api-key")),
    expected: ARRIVES,
    isStopped: true,
  },
  {
    name: "fw-cfg-without-kvm",
    what: "the same, and QEMU asks for a KVM that nobody lets it have",
    isBounded: false,
    machine: "microvm",
    wantsKvm: true,
    around: CLOSED_KVM,
    host: good("fw-cfg-without-kvm"),
    unit: loaded("fw-cfg-without-kvm"),
    credentials: fwCfg("api-key", fromCredentials("fw-cfg-without-kvm", "api-key")),
    expected: { ...ARRIVES, finds: ["unrelated/kvm"] },
  },
  {
    name: "empty-file",
    what: "the secret is there and has 0 bytes",
    isBounded: false,
    machine: "microvm",
    host: `install -m 0400 /dev/null ${secretsOf("empty-file")}/api-key`,
    unit: loaded("empty-file"),
    credentials: fwCfg("api-key", fromCredentials("empty-file", "api-key")),
    expected: stopsAt(
      "source/empty",
      "broken not-reached not-reached not-reached not-reached not-reached",
      { guestSays: LACKS },
    ),
  },
  {
    name: "absent-file",
    what: "LoadCredential= names a file that is not there",
    isBounded: true,
    machine: "microvm",
    host: "true",
    unit: loaded("absent-file"),
    credentials: fwCfg("api-key", fromCredentials("absent-file", "api-key")),
    expected: stopsAt(
      "credentials/source-missing",
      "broken not-reached not-reached not-reached not-reached not-reached",
    ),
  },
  {
    name: "absent-for-qemu",
    what: "credentialFiles names a file that is not there",
    isBounded: false,
    machine: "microvm",
    host: "true",
    credentials: fwCfg("api-key", `${secretsOf("absent-for-qemu")}/api-key`),
    expected: stopsAt(
      "source/path-missing",
      "broken not-reached not-configured not-reached not-reached not-reached",
    ),
  },
  {
    name: "closed-to-qemu",
    what: "credentialFiles names a file that is for root alone",
    isBounded: false,
    machine: "microvm",
    host: good("closed-to-qemu"),
    credentials: fwCfg("api-key", `${secretsOf("closed-to-qemu")}/api-key`),
    expected: stopsAt(
      "access/file-mode",
      "ok broken not-configured not-reached not-reached not-reached",
    ),
  },
  {
    name: "long-name",
    what: "a name of 34 characters for fw_cfg",
    isBounded: false,
    machine: "microvm",
    host: good("long-name"),
    unit: loaded("long-name"),
    credentials: fwCfg(
      "the-api-key-of-the-payment-service",
      fromCredentials("long-name", "api-key"),
    ),
    expected: stopsAt("hypervisor/name-too-long", "ok ok ok ok broken not-reached"),
  },
  {
    name: "other-name",
    what: "the guest wants another name than the one that is handed over",
    isBounded: false,
    machine: "microvm",
    host: good("other-name"),
    unit: loaded("other-name"),
    credentials: fwCfg("host-api-key", fromCredentials("other-name", "api-key")),
    // Nothing says that QEMU showed it: the guest never looks for that name.
    expected: stopsAt("guest/name-mismatch", "ok ok ok ok unknown broken", {
      guestSays: LACKS,
    }),
  },
  {
    name: "no-way",
    what: "systemd hands the secret over, and nothing gives it to QEMU",
    isBounded: false,
    machine: "microvm",
    host: good("no-way"),
    unit: loaded("no-way"),
    expected: stopsAt("runner/no-secret-path", "ok ok ok broken not-reached not-reached", {
      guestSays: LACKS,
    }),
  },
  {
    name: "smbios-microvm",
    what: "an OEM string on the machine microvm, by an extraArgsScript",
    isBounded: true,
    machine: "microvm",
    ...smbiosValue("smbios-microvm"),
    isLogged: true,
    expected: stopsAt("hypervisor/channel-unsupported", "ok ok ok ok broken not-reached", {
      guestSays: LACKS,
      finds: ["exposure/command-line"],
    }),
  },
  {
    name: "smbios-file-microvm",
    what: "OEM strings from a file, on the machine microvm",
    isBounded: false,
    machine: "microvm",
    ...smbiosFile("smbios-file-microvm"),
    expected: stopsAt("hypervisor/channel-unsupported", "", {
      guestSays: LACKS,
      // What is in the file only the guest tells, and this one has none of it.
      stages: {
        "api-key": "unknown not-configured not-configured unknown broken not-reached",
        "oem-strings": "ok ok ok ok broken not-reached",
      },
    }),
  },
  {
    name: "smbios-q35",
    what: "an OEM string on the machine q35, by an extraArgsScript",
    isBounded: true,
    machine: "q35",
    ...smbiosValue("smbios-q35"),
    isLogged: true,
    expected: { ...ARRIVES, finds: ["exposure/command-line"] },
  },
  {
    name: "smbios-file-q35",
    what: "OEM strings from a file, on the machine q35",
    isBounded: false,
    machine: "q35",
    ...smbiosFile("smbios-file-q35"),
    expected: {
      ...ARRIVES,
      foretold: { prediction: "unknown", rootCauses: [] },
      stages: {
        "api-key": "ok not-configured not-configured ok ok ok",
        "oem-strings": "ok ok ok ok unknown unknown",
      },
    },
  },
  {
    name: "swallowed-read",
    what: "an extraArgsScript may not read the secret, and goes on",
    isBounded: false,
    machine: "q35",
    host: good("swallowed-read"),
    script: directScript("swallowed-read"),
    expected: stopsAt(
      "access/file-mode",
      "ok broken not-configured not-reached not-reached not-reached",
      {
        guestSays: LACKS,
        finds: ["runner/swallowed-read-error"],
      },
    ),
  },
  {
    name: "private-mounts",
    what: "what systemd mounts for the unit does not come back to it",
    isBounded: false,
    machine: "microvm",
    host: good("private-mounts"),
    unit: loaded("private-mounts"),
    credentials: fwCfg("api-key", fromCredentials("private-mounts", "api-key")),
    around: PRIVATE_MOUNTS,
    expected: NOT_MOUNTED,
  },
  {
    name: "private-mounts-swallowed",
    what: "the same, and an extraArgsScript goes on without it",
    isBounded: false,
    machine: "q35",
    ...smbiosValue("private-mounts-swallowed"),
    around: PRIVATE_MOUNTS,
    expected: { ...NOT_MOUNTED, guestSays: LACKS, finds: ["guest/empty-credential"] },
  },
];
