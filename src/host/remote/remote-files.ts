import type { HostPath } from "../../vocabulary.ts";
import type { Lookup } from "../host.ts";
import { MOST_TEXT_BYTES, type RawFiles } from "../raw-files.ts";
import { missedBy, notAnswered } from "./lookup-errors.ts";
import { UNANSWERED, type RemotePrograms } from "./remote-programs.ts";
import { listedNames } from "./shell-words.ts";
import { statLookups } from "./stat-lookups.ts";

const SECONDS = 30;
/** As much as src/host/local-files.ts reads of a file without a size. */
const LEAST_TEXT_BYTES = 4096;
const MOST_LIST_BYTES = 64 * 1024 * 1024;
/** Who lists a directory of no more names looks at them, as a rule. */
const MOST_EXPECTED = 512;

/** The file system of another host. What was asked once is remembered: a way there and back costs more than memory. */
export const remoteFiles = (programs: RemotePrograms): RawFiles => {
  const { lookUp, expect } = statLookups(programs);
  const lists = new Map<string, Promise<Lookup<readonly string[]>>>();
  const texts = new Map<string, Promise<Lookup<string>>>();
  return {
    lstat: lookUp,
    expect,
    list: (path) =>
      once(lists, path, async () => {
        const found = await listDirectory(programs, path);
        if (found.status === "present" && found.value.length <= MOST_EXPECTED)
          for (const name of found.value) void lookUp(`${withSlash(path)}${name}`);
        return found;
      }),
    read: (path, size) => once(texts, path, () => readBeginning(programs, path, size)),
  };
};

const listDirectory = async (
  { ask }: RemotePrograms,
  path: HostPath,
): Promise<Lookup<readonly string[]>> => {
  const [listed = UNANSWERED] = await ask([["ls", "-A", "-U", "-b", "-1", "--", withSlash(path)]], {
    seconds: SECONDS,
    mostBytes: MOST_LIST_BYTES,
  });
  const failure = notAnswered("ls", listed);
  if (failure !== undefined) return failure;
  return listed.exitCode === 0
    ? { status: "present", value: listedNames(listed.stdout) }
    : missedBy(listed.stderr);
};

const readBeginning = async (
  { ask }: RemotePrograms,
  path: HostPath,
  size: number,
): Promise<Lookup<string>> => {
  const bytes = Math.min(Math.max(size, LEAST_TEXT_BYTES), MOST_TEXT_BYTES);
  const [copied = UNANSWERED] = await ask(
    [
      [
        "dd",
        `if=${path}`,
        `bs=${bytes}`,
        "count=1",
        "iflag=nofollow,nonblock,fullblock",
        "status=none",
      ],
    ],
    { seconds: SECONDS },
  );
  const failure = notAnswered("dd", copied);
  if (failure !== undefined) return failure;
  return copied.exitCode === 0
    ? { status: "present", value: copied.stdout.toString("utf8") }
    : missedBy(copied.stderr);
};

/** A file in a directory's place is none with this. */
const withSlash = (path: HostPath): string => (path === "/" ? path : `${path}/`);

const once = <T>(
  known: Map<string, Promise<T>>,
  path: string,
  ask: () => Promise<T>,
): Promise<T> => {
  const answer = known.get(path) ?? ask();
  known.set(path, answer);
  return answer;
};
