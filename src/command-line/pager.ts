import { readFile } from "node:fs/promises";
import { execa } from "execa";
import { leavingInterrupts } from "./interruption.ts";

type Environment = Readonly<Record<string, string | undefined>>;
type Program = readonly [string, ...string[]];

/** Who runs mvdoctor, as far as it decides how much a pager may do. */
export interface Runner {
  readonly env: Environment;
  /** geteuid(2); absent where the system has none. */
  readonly euid: number | undefined;
  /** The user whose login session this is, as sd_pid_get_owner_uid(3) finds it; absent outside of one. */
  readonly sessionOwner: number | undefined;
}

interface Pager {
  /** In the order in which they are tried. */
  readonly programs: readonly Program[];
  /** What is set in its environment, or taken out of it where the value is absent. */
  readonly env: Environment;
}

/** Shows a text in the pager that systemctl would take; `false` where none is to be used, or none is there. */
export const showInPager = async (text: string): Promise<boolean> => {
  const pager = choosePager({
    env: process.env,
    euid: process.geteuid?.(),
    sessionOwner: await ownerOfSession(),
  });
  for (const [file, ...args] of pager?.programs ?? []) {
    const { code } = await leavingInterrupts(() =>
      execa(file, args, {
        input: text,
        stdout: "inherit",
        stderr: "inherit",
        env: pager?.env ?? {},
        reject: false,
      }),
    );
    // Whatever else it ends with, the reader has seen what there was and left.
    if (code !== "ENOENT" && code !== "EACCES") return true;
  }
  return false;
};

/**
 * The pager by the rules of systemctl(1) (systemd 258, ENVIRONMENT): $SYSTEMD_PAGER, else $PAGER, switch it off with "" or "cat"; they
 * name another one only where $SYSTEMD_PAGERSECURE is set, since a pager that root runs for somebody else may start a shell. In secure
 * mode it is less and nothing else.
 *
 * @internal
 */
export const choosePager = (runner: Runner): Pager | undefined => {
  const { env } = runner;
  const named = (env["SYSTEMD_PAGER"] ?? env["PAGER"])?.split(/\s+/u).filter((word) => word !== "");
  const [first, ...rest] = named ?? [];
  if (env["TERM"] === "dumb") return undefined;
  if (named !== undefined && (first === undefined || (first === "cat" && rest.length === 0)))
    return undefined;
  const isSecure = mustBeSecure(runner);
  const isTrusted = env["SYSTEMD_PAGERSECURE"] !== undefined;
  return {
    programs: [
      ...(isTrusted && first !== undefined ? [[first, ...rest] as const] : []),
      ...(isSecure ? [["less"] as const] : ([["pager"], ["less"], ["more"]] as const)),
    ],
    env: {
      LESS: env["SYSTEMD_LESS"] ?? "FRSXMK",
      LESSCHARSET: env["SYSTEMD_LESSCHARSET"] ?? (isUtf8(env) ? "utf-8" : undefined),
      LESSSECURE: isSecure ? "1" : undefined,
    },
  };
};

const TRUE = /^(?:1|yes|y|true|t|on)$/iu;
const FALSE = /^(?:0|no|n|false|f|off)$/iu;

const mustBeSecure = ({ env, euid, sessionOwner }: Runner): boolean => {
  const wish = env["SYSTEMD_PAGERSECURE"];
  if (wish !== undefined) return TRUE.test(wish) || !FALSE.test(wish);
  return (
    ["SUDO_UID", "PKEXEC_UID", "DOAS_USER"].some((name) => env[name] !== undefined) ||
    sessionOwner === undefined ||
    sessionOwner !== euid
  );
};

/** Whether the locale writes UTF-8 (locale(7): LC_ALL before LC_CTYPE before LANG). */
export const isUtf8 = (env: Environment): boolean =>
  /utf-?8$/iu.test(
    [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find(
      (name) => name !== undefined && name !== "",
    ) ?? "",
  );

/** By the slice that the process runs in, `user-1000.slice` (systemd src/basic/cgroup-util.c, cg_path_get_owner_uid). */
const ownerOfSession = async (): Promise<number | undefined> => {
  const cgroup = await readFile("/proc/self/cgroup", "utf8").catch(() => "");
  const owner = /\/user-(?<uid>\d+)\.slice(?:\/|$)/mu.exec(cgroup)?.groups?.["uid"];
  return owner === undefined ? undefined : Number(owner);
};
