/** How long a program may take for an answer, or be silent while it streams one. */
export const USUAL_SECONDS = 60;
export const MOST_STDERR_BYTES = 64 * 1024;

/** What a called program may see of our environment: the same output whatever the user's shell exports. */
export const environment = (): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "/run/current-system/sw/bin:/usr/bin:/bin",
  LC_ALL: "C.UTF-8",
  TZ: "UTC",
  SYSTEMD_COLORS: "0",
  SYSTEMD_PAGER: "cat",
  SYSTEMD_URLIFY: "0",
});

/** Ours, or the root where it was removed under us: no program may be started in a directory that is not there. */
const workingDirectory = (): string => {
  try {
    return process.cwd();
  } catch {
    return "/";
  }
};

/** How every program is started. */
export const options = {
  cwd: workingDirectory(),
  env: {},
  extendEnv: false,
  reject: false,
  stdin: "ignore",
  stripFinalNewline: false,
  forceKillAfterDelay: 1000,
} as const;

/** What one program is given beyond what all get, and where it is held shorter. */
export interface RunLimits {
  readonly environment?: Readonly<Record<string, string>>;
  readonly seconds?: number;
  readonly mostBytes?: number;
}
