import type { CommandResult } from "./host.ts";
import { runToEnd } from "./process.ts";

const SECONDS = 30;
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * A repository is somebody else's, and its configuration can name programs. Each of these takes one way to run them, or to write,
 * away (git-config(1), git(1)). No protocol is allowed, so a partial clone cannot fetch what it lacks.
 */
const SETTINGS = [
  "core.fsmonitor=false",
  "core.hooksPath=/dev/null",
  "core.attributesFile=/dev/null",
  "core.quotePath=false",
  "diff.external=",
  "diff.submodule=short",
  "log.showRoot=true",
  "status.submoduleSummary=false",
  "submodule.recurse=false",
  // Honoured from a command line since git 2.38; an older git refuses a repository of another user, and says so.
  "safe.directory=*",
];

const ENVIRONMENT = {
  GIT_OPTIONAL_LOCKS: "0",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ALLOW_PROTOCOL: "none",
  GIT_NO_LAZY_FETCH: "1",
  GIT_NO_REPLACE_OBJECTS: "1",
};

/** The commands that may run, each with what keeps it from running programs of the repository. All of them read. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  "cat-file": [],
  "for-each-ref": [],
  grep: ["--no-textconv", "--no-recurse-submodules"],
  log: ["--no-ext-diff", "--no-textconv", "--no-show-signature", "--ignore-submodules=all"],
  "ls-files": [],
  "merge-base": [],
  "rev-parse": [],
  status: ["--ignore-submodules=all"],
};

/**
 * Runs `git -C DIRECTORY COMMAND ...` for a COMMAND that only reads. DIRECTORY is one of the machine that looks, wherever the host
 * lies.
 */
export const readGit = async (args: readonly string[]): Promise<CommandResult> => {
  const [change, directory, command, ...rest] = args;
  const guards = COMMANDS[command ?? ""];
  const writes = rest.some((arg) => arg.startsWith("--output"));
  if (
    change !== "-C" ||
    directory === undefined ||
    command === undefined ||
    guards === undefined ||
    writes
  ) {
    return {
      exitCode: null,
      stdout: "",
      stderr: `git ${command ?? ""} is not asked`,
      failure: "not-possible",
    };
  }
  const guarded = ["-C", directory, command, ...guards, ...rest];
  // Only this one compares work-tree files with their blobs, and passes them through the filters of the repository for that.
  if (command !== "status") return git(guarded, {});
  const filters = await git(["-C", directory, ...LIST_FILTERS], {});
  if (filters.exitCode !== 0 && filters.exitCode !== NO_MATCH) return filters;
  return git(guarded, withoutFilters(filters.stdout.split("\0")));
};

const git = (
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<CommandResult> =>
  runToEnd(["git", "--no-pager", ...SETTINGS.flatMap((one) => ["-c", one]), ...args], {
    environment: { ...ENVIRONMENT, ...environment },
    seconds: SECONDS,
    mostBytes: MOST_BYTES,
  });

const LIST_FILTERS = ["config", "--null", "--name-only", "--get-regexp", String.raw`^filter\.`];
const NO_MATCH = 1;

/**
 * Each filter that the configuration names, set to no program; one that is required would fail without. The environment takes any
 * name, where `-c` would end it at its first `=`.
 */
const withoutFilters = (names: readonly string[]): Readonly<Record<string, string>> => {
  const settings = names.flatMap((name): readonly (readonly [string, string])[] => {
    const kind = name.slice(name.lastIndexOf(".") + 1);
    if (kind === "required") return [[name, "false"]];
    return FILTER_PROGRAMS.has(kind) ? [[name, ""]] : [];
  });
  return {
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([name, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, name],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
};

const FILTER_PROGRAMS = new Set(["clean", "smudge", "process"]);
