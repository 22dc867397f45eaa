import { LOOPS, RUNS, type Failure } from "./failure.ts";

const reads = (path: string): string => `API_KEY=$(cat ${path})`;

/** A secret that is there, and its reader is refused. */
export const ACCESS: readonly Failure[] = [
  {
    name: "unreadable-file",
    what: "The runner reads a secret that is root's alone",
    vm: { runner: reads("/run/secrets/unreadable-file/api-key") },
    secrets: [{ name: "unreadable-file/api-key" }],
    until: LOOPS,
    foretold: ["access/file-mode"],
    status: "failing",
    rootCauses: ["access/file-mode"],
    finds: ["runner/reads-secret-directly", "lifecycle/crash-loop"],
    stage: "access",
    everWorked: "no",
    words: "cat: /run/secrets/unreadable-file/api-key: Permission denied",
  },
  {
    name: "unreadable-for-the-vmm",
    what: "QEMU is to read a secret that is root's alone",
    vm: {
      arguments:
        "-fw_cfg name=opt/io.systemd.credentials/API_KEY,file=/run/secrets/unreadable-for-the-vmm/api-key",
    },
    secrets: [{ name: "unreadable-for-the-vmm/api-key" }],
    until: LOOPS,
    foretold: ["access/file-mode"],
    status: "failing",
    rootCauses: ["access/file-mode"],
    finds: ["lifecycle/crash-loop"],
    stage: "access",
    everWorked: "no",
  },
  {
    name: "closed-directory",
    what: "The file is for everybody, and the directory above it for root",
    vm: { runner: reads("/srv/keys/closed-directory/api-key") },
    prepare: `
      install -d -m 0755 /srv/keys && install -d -m 0700 /srv/keys/closed-directory
      echo CANARY-closed > /srv/keys/closed-directory/api-key
      chmod 0444 /srv/keys/closed-directory/api-key`,
    until: LOOPS,
    foretold: ["access/parent-directory"],
    status: "failing",
    rootCauses: ["access/parent-directory"],
    finds: ["lifecycle/crash-loop"],
    stage: "access",
    everWorked: "no",
  },
  {
    name: "swallowed-read-error",
    what: "`export` hides that the read failed, and the VM runs",
    vm: {
      runner: "export API_KEY=$(cat /run/secrets/swallowed-read-error/api-key)",
      arguments: '-fw_cfg "name=opt/io.systemd.credentials/API_KEY,string=$API_KEY"',
    },
    secrets: [{ name: "swallowed-read-error/api-key" }],
    until: RUNS,
    foretold: ["access/file-mode"],
    status: "failing",
    rootCauses: ["access/file-mode"],
    finds: ["runner/swallowed-read-error"],
    stage: "access",
  },
];
