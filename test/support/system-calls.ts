import { readFile, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { execa } from "execa";

/** One system call as strace(1) saw it. */
interface SystemCall {
  readonly pid: number;
  readonly name: string;
  readonly args: string;
  /** What it returned, with the name of the error. */
  readonly result: string;
}

const OPENS = ["open", "openat", "openat2", "creat"];
const PROCESSES = ["clone", "clone3", "fork", "vfork", "unshare", "chdir", "mount", "execve"];
const CHANGES =
  "unlink unlinkat rename renameat renameat2 mkdir mkdirat rmdir link linkat symlink symlinkat mknod mknodat truncate ftruncate fallocate chmod fchmod fchmodat chown fchown lchown fchownat utime utimes utimensat futimesat setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr umount2 pivot_root move_mount fsmount swapon reboot sethostname settimeofday clock_settime init_module finit_module kill tkill".split(
    " ",
  );
const NETWORK = ["socket", "connect", "bind", "sendto", "sendmsg"];

/** Runs a command and gives what it and its children asked of the kernel: what they opened, changed, and whom they spoke to. */
export const traced = async (
  command: readonly [string, ...string[]],
  log: string,
): Promise<{
  readonly calls: readonly SystemCall[];
  readonly stdout: string;
  readonly stderr: string;
}> => {
  const names = [...OPENS, ...PROCESSES, ...CHANGES, ...NETWORK]
    .map((name) => `?${name}`)
    .join(",");
  const { stdout, stderr } = await execa(
    "strace",
    [
      "-f",
      "-qq",
      "-y",
      "--seccomp-bpf",
      "-s",
      "300",
      "-e",
      `trace=${names}`,
      "-e",
      "signal=none",
      "-o",
      log,
      ...command,
    ],
    { reject: false },
  );
  const calls = parsed(await readFile(log, "utf8"));
  await rm(log);
  return { calls, stdout, stderr };
};

const LINE = /^(?<pid>\d+) +(?<rest>.*)$/u;
const RESUMED = /^<\.\.\. \w+ resumed>(?<rest>.*)$/u;
const CALL = /^(?<name>\w+)\((?<args>.*)\) += (?<result>.*)$/su;

const parsed = (text: string): readonly SystemCall[] => {
  const unfinished = new Map<number, { readonly at: number; readonly begin: string }>();
  const calls: (SystemCall | undefined)[] = [];
  for (const line of text.split("\n")) {
    const { pid: id = "", rest: words = "" } = LINE.exec(line)?.groups ?? {};
    const pid = Number(id);
    const begin = / <unfinished \.\.\.>$/u.exec(words);
    if (begin !== null) {
      // It counts from where it began: what a clone made may speak before the clone returns.
      unfinished.set(pid, { at: calls.length, begin: words.slice(0, begin.index) });
      calls.push(undefined);
      continue;
    }
    const resumed = RESUMED.exec(words)?.groups?.["rest"];
    const open = unfinished.get(pid);
    const whole = resumed === undefined ? words : `${open?.begin ?? ""}${resumed}`;
    const { name, args = "", result = "" } = CALL.exec(whole)?.groups ?? {};
    if (name === undefined) continue;
    const call = { pid, name, args, result };
    if (resumed !== undefined && open !== undefined) calls[open.at] = call;
    else calls.push(call);
    unfinished.delete(pid);
  }
  return calls.filter((call) => call !== undefined);
};

/** The paths of files that were opened; a directory that is listed is none. */
export const openedFiles = (calls: readonly SystemCall[]): readonly string[] =>
  calls.flatMap(({ name, args }) =>
    OPENS.includes(name) && !args.includes("O_DIRECTORY") ? [pathIn(args, "/")] : [],
  );

const pathIn = (args: string, directory: string): string => {
  const { at, path = "" } =
    /^(?:\w+<(?<at>[^>]*)>, )?"(?<path>(?:[^"\\]|\\.)*)"/u.exec(args)?.groups ?? {};
  return resolve(at ?? directory, path);
};

/** Processes that share a mount namespace of their own, and what they covered in it. */
interface Namespace {
  readonly covered: string[];
}

/**
 * Takes the calls of a run; gives those that changed something, or spoke to somebody, in words. A change is none where an overlay or a file
 * system in memory lies over its place, in a mount namespace of its own: that is gone with the process.
 */
export const changesOutside = (
  calls: readonly SystemCall[],
  mayWrite: (path: string) => boolean = () => false,
): readonly string[] => {
  const namespaces = new Map<number, Namespace>();
  const directories = new Map<number, string>();
  const changes: string[] = [];
  for (const { pid, name, args, result } of calls) {
    const failed = result.startsWith("-1");
    const directory = directories.get(pid) ?? process.cwd();
    const own = namespaces.get(pid);
    const isCovered = (path: string): boolean =>
      own?.covered.some((place) => path === place || path.startsWith(`${place}/`)) === true;
    const told = `${name}(${args}) = ${result}`;
    switch (name) {
      case "clone":
      case "clone3":
      case "fork":
      case "vfork": {
        const child = Number.parseInt(result, 10);
        if (own !== undefined) namespaces.set(child, own);
        directories.set(child, directory);
        break;
      }
      case "chdir":
        if (!failed) directories.set(pid, pathIn(args, directory));
        break;
      case "unshare":
        if (!failed && args.includes("CLONE_NEWNS") && !args.includes("CLONE_NEWUSER,"))
          namespaces.set(pid, { covered: [...(own?.covered ?? [])] });
        break;
      case "execve":
        break;
      case "mount": {
        const { target = "", type = "" } =
          /^[^,]*, "(?<target>[^"]*)", (?:"(?<type>\w*)"|NULL|0x[0-9a-f]+)/u.exec(args)?.groups ??
          {};
        const place = resolve(directory, target);
        if (own === undefined) changes.push(told);
        else if (!failed && (type === "overlay" || type === "tmpfs")) own.covered.push(place);
        // What is covered may show a file of elsewhere, which the next call makes read-only.
        else if (isBind(args) && isCovered(place)) break;
        else if (!args.includes("MS_PRIVATE")) changes.push(told);
        break;
      }
      case "open":
      case "openat":
      case "openat2":
      case "creat": {
        const path = pathIn(args, directory);
        const writes = name === "creat" || /O_(?:WRONLY|RDWR|CREAT|TRUNC)/u.test(args);
        // An unnamed file in memory of the program (journalctl --verify) is gone with it.
        const isUnnamed = args.includes("O_TMPFILE");
        if (writes && !isUnnamed && !isCovered(path) && !HARMLESS.test(path) && !mayWrite(path))
          changes.push(told);
        break;
      }
      case "socket":
        if (!args.startsWith("AF_UNIX")) changes.push(told);
        break;
      case "connect":
      case "bind":
      case "sendto":
      case "sendmsg":
        if (!LOCAL_LOOKUP.test(args)) changes.push(told);
        break;
      case "kill":
      case "tkill":
        break;
      case "ftruncate":
      case "fallocate":
      case "fchmod":
      case "fchown": {
        const path = /^\d+<(?<path>[^>]*)>/u.exec(args)?.groups?.["path"] ?? "?";
        if (
          !isCovered(path) &&
          !path.includes("/#") &&
          !path.startsWith("/memfd:") &&
          !mayWrite(path)
        )
          changes.push(told);
        break;
      }
      default: {
        const path = pathIn(args, directory);
        if (!isCovered(path) && !mayWrite(path)) changes.push(told);
      }
    }
  }
  return changes;
};

/** Another place for a file, or that place read-only; nothing of the file system itself. */
const isBind = (args: string): boolean =>
  /, (?:MS_BIND|MS_RDONLY\|MS_REMOUNT\|MS_BIND(?:\|MS_RELATIME)?), /u.test(args);

const HARMLESS = /^\/(?:dev\/(?:null|tty|pts\/\d+)|proc\/\d+\/|proc\/self\/)/u;
/** The cache of names that libc asks before it reads /etc/passwd, and pipes of a program to its own children. */
const LOCAL_LOOKUP =
  /sun_path="\/(?:var\/)?run\/nscd\/socket"|^\d+<(?:socket|pipe|UNIX)[^>]*>, (?!\{sa_family)/u;
