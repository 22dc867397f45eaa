import { LOOPS, RUNS, type Failure } from "./failure.ts";

/** A VM that gets its secret, as far as the host goes. */
const handed = (vm: string) =>
  ({
    arguments: `-fw_cfg name=opt/io.systemd.credentials/API_KEY,file=/run/credentials/microvm@${vm}.service/api-key`,
    unit: `LoadCredential=api-key:/run/secrets/${vm}/api-key`,
  }) as const;

const secretOf = (vm: string) => [{ name: `${vm}/api-key` }] as const;

/** What keeps a VM from running, with its secret or without. */
export const LIFECYCLE: readonly Failure[] = [
  {
    name: "start-limit",
    what: "A restart every 100 ms meets the limit",
    vm: {
      runner: "API_KEY=$(cat /run/secrets/start-limit/api-key)",
      unit: "RestartSec=100ms",
    },
    secrets: secretOf("start-limit"),
    until: {
      line: /Start request repeated too quickly|failed with result 'dependency'/u,
      times: 1,
    },
    foretold: ["access/file-mode"],
    status: "failing",
    rootCauses: ["access/file-mode"],
    finds: ["lifecycle/start-limit"],
    stage: "access",
    everWorked: "no",
  },
  {
    name: "core-dump",
    what: "The VMM ends with SIGSEGV, again and again",
    vm: {
      ...handed("core-dump"),
      unit: `${handed("core-dump").unit}\nLimitCORE=infinity`,
      vmm: "sleep 1; kill -SEGV $$; sleep 5",
    },
    secrets: secretOf("core-dump"),
    until: LOOPS,
    foretold: { cannot: "nothing shows a fault of the VMM before it runs" },
    status: "failing",
    rootCauses: ["unrelated/vmm-crash"],
    everWorked: ["no", "unknown"],
    words: "status=11/SEGV",
  },
  {
    name: "out-of-memory",
    what: "The kernel kills the VMM over the unit's `MemoryMax=`, again and again",
    vm: {
      ...handed("out-of-memory"),
      unit: `${handed("out-of-memory").unit}\nMemoryMax=64M\nMemorySwapMax=0`,
      vmm: "exec perl -e 'sleep 1; my @all; push @all, \"x\" x 1_000_000 while 1'",
    },
    secrets: secretOf("out-of-memory"),
    needs: { controller: "memory" },
    until: LOOPS,
    foretold: { cannot: "how much memory a VMM takes shows once it runs" },
    status: "failing",
    rootCauses: ["unrelated/oom"],
    everWorked: ["no", "unknown"],
  },
  {
    name: "never-ready",
    what: "The unit is `Type=notify`, and nobody reports readiness",
    vm: {
      ...handed("never-ready"),
      type: "notify",
      unit: `${handed("never-ready").unit}\nTimeoutSec=3`,
    },
    secrets: secretOf("never-ready"),
    until: LOOPS,
    foretold: { cannot: "whether a guest reports readiness shows once it runs" },
    status: "failing",
    rootCauses: ["unrelated/start-timeout"],
    onlyInside: ["lifecycle/never-started"],
    words: "start operation timed out. Terminating.",
  },
  {
    name: "ends-by-itself",
    what: "The VMM ends with success, again and again",
    vm: { ...handed("ends-by-itself"), vmm: "sleep 1; exit 0" },
    secrets: secretOf("ends-by-itself"),
    until: { line: /Scheduled restart job/u, times: 4 },
    foretold: { cannot: "how a guest ends shows once it runs" },
    status: "failing",
    rootCauses: [],
    finds: ["lifecycle/clean-exit"],
  },
  {
    name: "stopped-by-hand",
    what: "Somebody stops the VM with `sudo systemctl stop`",
    vm: handed("stopped-by-hand"),
    secrets: secretOf("stopped-by-hand"),
    until: RUNS,
    afterwards: "sleep 2; runuser -u admin -- sudo systemctl stop microvm@stopped-by-hand.service",
    atLast: { unit: "inactive" },
    foretold: { cannot: "nobody knows whom somebody will stop" },
    status: "stopped",
    rootCauses: [],
    finds: ["unrelated/stopped-by-hand"],
  },
  {
    name: "killed-by-hand",
    what: "Somebody kills the VMM with `sudo systemctl kill`",
    vm: handed("killed-by-hand"),
    secrets: secretOf("killed-by-hand"),
    until: RUNS,
    afterwards:
      "sleep 2; runuser -u admin -- sudo systemctl kill --signal=KILL microvm@killed-by-hand.service",
    atLast: { line: /Scheduled restart job/u, times: 1 },
    foretold: { cannot: "nobody knows whom somebody will kill" },
    status: "healthy",
    rootCauses: [],
    words: "Sent signal SIGKILL to main process",
  },
  {
    name: "closed-state-directory",
    what: "The state directory belongs to root",
    vm: handed("closed-state-directory"),
    secrets: secretOf("closed-state-directory"),
    prepare:
      "chown root:root /var/lib/microvms/closed-state-directory; chmod 0700 /var/lib/microvms/closed-state-directory",
    until: { line: /step CHDIR|status=200.CHDIR|result 'dependency'/u, times: 1 },
    foretold: { cannot: "no rule looks at the state directory ahead of a start" },
    status: "failing",
    rootCauses: ["unrelated/state-directory"],
    everWorked: ["no", "unknown"],
  },
  {
    name: "share-source-missing",
    what: "The directory that virtiofsd is to share is not there",
    vm: {
      arguments:
        "-chardev 'socket,id=fs0,path=share-source-missing-virtiofs-secrets.sock' -device 'vhost-user-fs-pci,chardev=fs0,tag=secrets'",
      programs: {
        "virtiofsd-run": `cd /run/secrets/share-source-missing || exit 1
          systemd-notify --ready
          exec sleep infinity`,
      },
      shares: {
        "share/microvm/virtiofs/secrets/source": "/run/secrets/share-source-missing\n",
        "share/microvm/virtiofs/secrets/socket": "share-source-missing-virtiofs-secrets.sock\n",
      },
    },
    until: { line: /Dependency failed for|Job .* failed with result 'dependency'/u, times: 1 },
    foretold: { cannot: "until the start somebody may make the source of a share" },
    status: "failing",
    rootCauses: ["source/path-missing"],
    finds: ["unrelated/other-unit"],
    words: "failed with result 'dependency'",
  },
  {
    name: "hidden-from-the-unit",
    what: "`InaccessiblePaths=` hides the secret from the unit",
    vm: {
      runner: "API_KEY=$(cat /srv/hidden/api-key)",
      unit: "InaccessiblePaths=/srv/hidden",
    },
    prepare:
      "install -d -m 0755 /srv/hidden; echo CANARY-hidden > /srv/hidden/api-key; chmod 0444 /srv/hidden/api-key",
    until: LOOPS,
    foretold: ["access/namespace"],
    status: "failing",
    rootCauses: ["access/namespace"],
    stage: "access",
    everWorked: "no",
  },
];
