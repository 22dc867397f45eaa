import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa, type Options, type Result } from "execa";
import { REPOSITORY } from "../../support/run-node.ts";

/** A systemd of one release as PID 1 of a container, with nothing in it but what its root file system has. */
export interface Container {
  /** As `systemctl --version` says it there: `257`. */
  readonly systemd: string;
  /** Runs a program as root in it. */
  inside(...command: readonly [string, ...string[]]): Promise<Ended>;
  /** Runs mvdoctor in it. */
  doctorInside(...args: readonly string[]): Promise<Ended>;
  /**
   * Runs this machine's mvdoctor on its file system, as that of a disk: what lies in memory is copied there first, and its journald
   * stands still meanwhile, so that no file is verified while it is written.
   */
  doctorOutside(...args: readonly string[]): Promise<Ended>;
  /** Copies one of its files to this machine. */
  copyOut(path: string, to: string): Promise<void>;
  /** Powers it off and takes away all that it left, by process id. */
  stop(): Promise<void>;
}

export type Ended = Result<typeof RUN>;

const RUN = { reject: false, stdin: "ignore", stripFinalNewline: false } as const satisfies Options;

/** Where the container shows Node and the built program. */
const PROGRAM = "/run/program";

const DIST = join(REPOSITORY, "dist");

/**
 * Below /run, which only the container's own mount namespace has: what a diagnosis looks at. The rest of it is sockets and state of
 * programs.
 */
const IN_MEMORY = [
  "secrets",
  "secrets.d",
  "credentials",
  "current-system",
  "booted-system",
  "systemd/container",
];

export const bootContainer = async (rootfs: string, signal: AbortSignal): Promise<Container> => {
  signal.throwIfAborted();
  const scratch = await mkdtemp(join(tmpdir(), "mvdoctor-lab-"));
  const name = basename(scratch).toLowerCase();
  const root = join(scratch, "root");
  // Ends with the lab, whatever ends that; with it go the container, and the mounts of its namespace.
  const shown = [
    [process.execPath, "node"],
    [DIST, "dist"],
    [join(import.meta.dirname, "../nixos"), "nixos"],
  ].flatMap(([from, to]) => [from ?? "", `${PROGRAM}/${to}`]);
  const boot = join(import.meta.dirname, "boot-container.sh");
  const nspawn = execa("setpriv", [...OF_ITS_OWN, "bash", boot, rootfs, scratch, name, ...shown], {
    ...RUN,
    all: true,
  });
  let hasEnded = false;
  const ended = nspawn.finally(() => {
    hasEnded = true;
  });

  const until = async <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> => {
    for (let tries = 0; tries < 600; tries += 1) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      if (hasEnded) throw new Error(`systemd-nspawn has ended: ${(await ended).all}`);
      signal.throwIfAborted();
      await sleep(100);
    }
    throw new Error(`waited in vain for ${what}`);
  };

  let leader: string | undefined;
  const stop = async (): Promise<void> => {
    // SIGRTMIN+4 asks a systemd to power off (systemd(1)).
    if (leader !== undefined) await execa("kill", ["-s", "RTMIN+4", leader], RUN);
    await Promise.race([ended, sleep(10_000)]);
    if (!hasEnded) nspawn.kill("SIGKILL");
    await ended;
    await removeCgroups(name);
    await rm(scratch, { recursive: true, force: true });
  };

  try {
    const pid = String(nspawn.pid);
    leader = await until("the first process of the container", () => systemdBelow(pid));
    const target = leader;
    const inside: Container["inside"] = (...command) =>
      execa("nsenter", [...NAMESPACES, "--target", target, ...CLEAN, ...command], RUN);
    await until("systemd to boot", async () =>
      /^(?:running|degraded)\n/u.test((await inside("systemctl", "is-system-running")).stdout)
        ? true
        : undefined,
    );
    const version = await inside("systemctl", "--version");
    return {
      systemd: /^systemd (\d+)/u.exec(version.stdout)?.[1] ?? "unknown",
      inside,
      doctorInside: (...args) => inside(`${PROGRAM}/node`, `${PROGRAM}/dist/bin.js`, ...args),
      async doctorOutside(...args) {
        const copy = `
          set -e
          cd /
          for name in ${IN_MEMORY.join(" ")}; do
            from=/proc/${target}/root/run/$name
            rm -rf "$1/run/$name"
            mkdir -p "$(dirname "$1/run/$name")"
            # The credentials of a unit go with it, also while they are copied.
            [ ! -e "$from" ] && [ ! -L "$from" ] || cp -a "$from" "$1/run/$name" 2>/dev/null || true
          done
          shift
          exec "$@"`;
        const signalJournald = (what: "STOP" | "CONT") =>
          inside("systemctl", "kill", `--signal=${what}`, "systemd-journald.service");
        const looks = [process.execPath, join(DIST, "bin.js"), ...args, "--root", root];
        await inside("journalctl", "--sync");
        await signalJournald("STOP");
        try {
          return await execa(
            "nsenter",
            ["--mount", "--target", pid, "bash", "-c", copy, "bash", root, ...looks],
            RUN,
          );
        } finally {
          await signalJournald("CONT");
        }
      },
      async copyOut(path, to) {
        await execa("cp", [join("/proc", target, "root", path), to]);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

const OF_ITS_OWN = ["--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private"];

const NAMESPACES = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root"];

/** Not this machine's environment; `--wd` of nsenter would lead to this machine's root. */
const CLEAN =
  "env -i -C / PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb HOME=/root SYSTEMD_PAGER=cat".split(
    " ",
  );

/** The systemd that nspawn started, once it is one: nspawn's own children come first. */
const systemdBelow = async (pid: string): Promise<string | undefined> => {
  const { stdout } = await execa("pgrep", ["-P", pid], RUN);
  for (const child of stdout.split("\n").filter((line) => line !== "")) {
    const command = await readFile(`/proc/${child}/comm`, "utf8").catch(() => "");
    if (command === "systemd\n") return child;
  }
  return undefined;
};

/** A cgroup is taken away with rmdir(2) alone, the lowest first. */
const removeCgroups = async (name: string): Promise<void> => {
  for (const hierarchy of await cgroupHierarchies()) {
    const below = [
      "find",
      join(hierarchy, name),
      "-depth",
      "-type",
      "d",
      "-exec",
      "rmdir",
      "{}",
      ";",
    ];
    await execa("env", below, RUN);
  }
};

const cgroupHierarchies = async (): Promise<readonly string[]> => {
  const top = "/sys/fs/cgroup";
  const names: readonly string[] = await readdir(top).catch(() => []);
  return [
    top,
    ...["unified", "systemd"].filter((one) => names.includes(one)).map((one) => join(top, one)),
  ];
};
