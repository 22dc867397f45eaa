import { LOOPS, RUNS, type Failure } from "./failure.ts";

/** What takes the credential from systemd, and gives it to the guest. */
const taken = (vm: string) =>
  ({
    arguments: `-fw_cfg name=opt/io.systemd.credentials/API_KEY,file=/run/credentials/microvm@${vm}.service/api-key`,
  }) as const;

/** What systemd hands to the unit, or does not. */
export const CREDENTIALS: readonly Failure[] = [
  {
    name: "missing-credential",
    vm: { ...taken("missing-credential"), unit: "LoadCredential=api-key:/srv/keys/gone" },
    until: LOOPS,
    foretold: ["credentials/source-missing"],
    status: "failing",
    rootCauses: ["credentials/source-missing"],
    finds: ["lifecycle/crash-loop"],
    stage: "source",
    everWorked: "no",
  },
  {
    name: "too-large-credential",
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
  },
  {
    name: "unread-credential",
    vm: { unit: "LoadCredential=api-key:/run/secrets/unread-credential/api-key" },
    secrets: [{ name: "unread-credential/api-key" }],
    until: RUNS,
    foretold: ["runner/no-secret-path"],
    status: "failing",
    rootCauses: ["runner/no-secret-path"],
    finds: ["credentials/configured-unused"],
    everWorked: "no",
  },
];
