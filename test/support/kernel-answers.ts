import { writeFileSync } from "node:fs";
import { execa } from "execa";
import type { Reader } from "../../src/facts/access.ts";

/** `read`: the file can be looked at and not opened; `way`: something in front of it refuses. */
export type KernelAnswer = "allowed" | "read" | "way";

/** Opens each path of its standard input; `true` is no special builtin, so that a failed redirection does not end the shell. */
const OPEN_EACH = `while IFS= read -r path; do
  if true <"$path"; then echo allowed; elif [ -e "$path" ]; then echo read; else echo way; fi
done 2>/dev/null`;

/** What the kernel says to one process with the reader's identity that opens all these paths, in their order. */
export const kernelAnswers = async (
  reader: Reader,
  paths: readonly string[],
): Promise<readonly KernelAnswer[]> => {
  const input = `${paths.join("\n")}\n`;
  const { stdout } = await (reader.mapped === undefined
    ? execa("setpriv", [...identityOptions(reader), "sh", "-c", OPEN_EACH], { input })
    : inNamespace(reader, input));
  return stdout.split("\n").map((word) => {
    if (word !== "allowed" && word !== "read" && word !== "way") throw new Error(`said ${word}`);
    return word;
  });
};

const identityOptions = ({ uid, gid, groups, capabilities }: Reader): readonly string[] => {
  const set = ["-all", ...[...capabilities].map((name) => `+${name.slice(4).toLowerCase()}`)].join(
    ",",
  );
  return [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    `--groups=${[...groups].join(",")}`,
    ...(uid === 0
      ? [`--inh-caps=-all`, `--bounding-set=${set}`]
      : [`--inh-caps=${set}`, `--ambient-caps=${set}`]),
  ];
};

/** As systemd does for PrivateUsers=: groups first, then a namespace in which root and the reader are known, then the reader's ids. */
const inNamespace = ({ uid, gid, groups }: Reader, input: string) => {
  const child = execa("setpriv", [
    `--groups=${[...groups].join(",")}`,
    "unshare",
    "--user",
    "sh",
    "-c",
    `echo entered >&2; read -r mapped; exec setpriv --reuid=${uid} --regid=${gid} --keep-groups sh -c "$1"`,
    "sh",
    OPEN_EACH,
  ]);
  child.stderr.once("data", () => {
    const lines = (own: number): string => (own === 0 ? "0 0 1\n" : `0 0 1\n${own} ${own} 1\n`);
    writeFileSync(`/proc/${child.pid}/uid_map`, lines(uid));
    writeFileSync(`/proc/${child.pid}/gid_map`, lines(gid));
    child.stdin.end(`mapped\n${input}`);
  });
  return child;
};
