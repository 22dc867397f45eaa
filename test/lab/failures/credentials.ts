import { LOOPS, RUNS, type Failure } from "./failure.ts";

/** What takes the credential from systemd, and gives it to the guest. */
const taken = (vm: string) =>
  ({
    arguments: `-fw_cfg name=opt/io.systemd.credentials/API_KEY,file=/run/credentials/microvm@${vm}.service/api-key`,
  }) as const;

const SEALED = "/etc/credstore.encrypted";

const encrypted = (vm: string) =>
  ({
    ...taken(vm),
    unit: `LoadCredentialEncrypted=api-key:${SEALED}/${vm}.cred`,
  }) as const;

/** Seals a value with the host's key. What systemd-creds says of it goes to nobody. */
const seal = (vm: string, ...options: readonly string[]): string =>
  `install -d -m 0700 ${SEALED}
   echo CANARY-sealed | systemd-creds encrypt --with-key=host ${options.join(" ")} - ${SEALED}/${vm}.cred 2>/dev/null`;

/** What systemd hands to the unit, or does not. */
export const CREDENTIALS: readonly Failure[] = [
  {
    name: "missing-credential",
    what: "`LoadCredential=` names a file that is not there",
    vm: { ...taken("missing-credential"), unit: "LoadCredential=api-key:/srv/keys/gone" },
    until: LOOPS,
    foretold: ["credentials/source-missing"],
    status: "failing",
    rootCauses: ["credentials/source-missing"],
    finds: ["lifecycle/crash-loop"],
    stage: "source",
    everWorked: "no",
    words: {
      before259: "Failed to set up credentials: Protocol error",
      from259: "Failed to set up credentials: No such file or directory",
    },
  },
  {
    name: "too-large-credential",
    what: "The credential has more than a mebibyte",
    vm: {
      ...taken("too-large-credential"),
      unit: "LoadCredential=api-key:/run/secrets/too-large-credential/api-key",
    },
    secrets: [{ name: "too-large-credential/api-key", size: 1_100_000 }],
    until: LOOPS,
    foretold: ["credentials/too-large"],
    status: "failing",
    rootCauses: ["credentials/too-large"],
    stage: "credentials",
    everWorked: "no",
    words: {
      before259: "Failed to set up credentials: Protocol error",
      from259: "Failed to set up credentials: Argument list too long",
    },
  },
  {
    name: "sealed-for-another-key",
    what: "The host's key was made anew after the credential was sealed",
    vm: encrypted("sealed-for-another-key"),
    // The key of a host is made anew where there is none: after an installation, say.
    prepare: `
      ${seal("sealed-for-another-key", "--name=api-key")}
      rm -f /var/lib/systemd/credential.secret
      systemd-creds setup >/dev/null 2>&1`,
    until: LOOPS,
    foretold: { cannot: "whether a key fits shows once it is tried", prediction: "unknown" },
    status: "failing",
    rootCauses: ["credentials/undecryptable"],
    stage: "credentials",
    everWorked: "no",
    words: {
      before259: "Decryption failed (incorrect key?)",
      from259: "Failed to set up credentials: Bad message",
    },
  },
  {
    name: "misnamed-credential",
    what: "The credential was sealed under another name",
    vm: encrypted("misnamed-credential"),
    prepare: seal("misnamed-credential", "--name=other-name"),
    until: LOOPS,
    foretold: { cannot: "the name is inside of what is encrypted", prediction: "unknown" },
    status: "failing",
    rootCauses: ["credentials/name-mismatch"],
    stage: "credentials",
    everWorked: "no",
    words: {
      before259:
        "Embedded credential name 'other-name' does not match filename 'api-key', refusing.",
      from259: "Failed to set up credentials: Destination address required",
    },
  },
  {
    name: "expired-credential",
    what: "The credential was sealed with an end, which is over",
    vm: encrypted("expired-credential"),
    prepare: seal("expired-credential", "--name=api-key", "--timestamp=-2h", "--not-after=-1h"),
    until: LOOPS,
    foretold: { cannot: "the end date is inside of what is encrypted", prediction: "unknown" },
    status: "failing",
    rootCauses: ["credentials/expired"],
    stage: "credentials",
    everWorked: "no",
    words: {
      before259: "Credential's time passed, refusing to use.",
      from259: "Failed to set up credentials: Stale file handle",
    },
  },
  {
    name: "unsealed-credential",
    what: "`LoadCredentialEncrypted=` names a file that is not encrypted",
    vm: encrypted("unsealed-credential"),
    prepare: `install -d -m 0700 ${SEALED}; echo CANARY-not-sealed > ${SEALED}/unsealed-credential.cred`,
    until: LOOPS,
    foretold: { cannot: "only its content shows that it is not encrypted", prediction: "unknown" },
    status: "failing",
    rootCauses: ["credentials/undecryptable"],
    stage: "credentials",
    everWorked: "no",
  },
  {
    name: "unprovided-credential",
    what: "`LoadCredential=` names an id that nobody provides",
    vm: { ...taken("unprovided-credential"), unit: "LoadCredential=api-key" },
    until: LOOPS,
    foretold: ["credentials/silently-skipped"],
    status: "failing",
    rootCauses: ["credentials/silently-skipped"],
    everWorked: "no",
  },
  {
    name: "unread-credential",
    what: "systemd hands the credential over, and the runner takes none",
    vm: { unit: "LoadCredential=api-key:/run/secrets/unread-credential/api-key" },
    secrets: [{ name: "unread-credential/api-key" }],
    until: RUNS,
    foretold: ["runner/no-secret-path"],
    status: "failing",
    rootCauses: ["runner/no-secret-path"],
    finds: ["credentials/configured-unused"],
    everWorked: "no",
  },
  {
    name: "unconfigured-credential",
    what: "The runner takes a credential that the unit does not load",
    vm: { runner: 'API_KEY=$(cat "$CREDENTIALS_DIRECTORY/api-key")' },
    until: LOOPS,
    foretold: ["credentials/not-configured"],
    status: "failing",
    rootCauses: ["credentials/not-configured"],
    everWorked: "no",
    words: "CREDENTIALS_DIRECTORY: unbound variable",
  },
  {
    name: "directory-as-credential",
    what: "`LoadCredential=` names a directory",
    vm: {
      ...taken("directory-as-credential"),
      unit: "LoadCredential=api-key:/run/secrets/directory-as-credential",
    },
    secrets: [{ name: "directory-as-credential/api-key" }],
    until: LOOPS,
    foretold: ["credentials/source-directory"],
    status: "failing",
    rootCauses: ["credentials/source-directory"],
    everWorked: "no",
  },
  {
    name: "missing-environment-file",
    what: "`EnvironmentFile=` names a file that is not there",
    vm: {
      unit: "EnvironmentFile=/srv/keys/gone.env",
      runner: ': "$API_KEY"',
      arguments: '-fw_cfg "name=opt/io.systemd.credentials/API_KEY,string=$API_KEY"',
    },
    until: LOOPS,
    foretold: ["credentials/environment-file"],
    status: "failing",
    rootCauses: ["credentials/environment-file"],
    everWorked: "no",
    words: "Failed to load environment files: No such file or directory",
  },
  {
    name: "empty-secret",
    what: "The secret has 0 bytes",
    vm: {
      ...taken("empty-secret"),
      unit: "LoadCredential=api-key:/run/secrets/empty-secret/api-key",
    },
    secrets: [{ name: "empty-secret/api-key", empty: true }],
    until: RUNS,
    foretold: ["source/empty"],
    status: "failing",
    rootCauses: ["source/empty"],
    stage: "source",
  },
  {
    name: "shadowed-unit",
    what: "A unit file of the instance hides the template",
    vm: {
      ...taken("shadowed-unit"),
      unit: "LoadCredential=api-key:/run/secrets/shadowed-unit/api-key",
      shadows: true,
    },
    secrets: [{ name: "shadowed-unit/api-key" }],
    start: "systemctl start microvm@shadowed-unit.service || true",
    until: { unit: "inactive" },
    foretold: ["credentials/unit-shadowed"],
    status: "failing",
    rootCauses: ["credentials/unit-shadowed"],
  },
  {
    name: "well",
    what: "Nothing: the VM gets its secret",
    vm: { ...taken("well"), unit: "LoadCredential=api-key:/run/secrets/well/api-key" },
    secrets: [{ name: "well/api-key" }],
    until: RUNS,
    foretold: [],
    status: "healthy",
    rootCauses: [],
  },
];
