import { describe, expect, it } from "vitest";
import { meaningsOf } from "../../src/collectors/output/meanings.ts";

const filesIn = (line: string) =>
  meaningsOf(line).flatMap((meaning) =>
    meaning.kind === "permission-denied" || meaning.kind === "no-such-file"
      ? [`${meaning.kind} ${meaning.path}`]
      : [],
  );

describe("the file that a line says could not be opened", () => {
  it.each([
    ["permission-denied", "cat: /run/keys/k: Permission denied"],
    ["permission-denied", "head: cannot open '/run/keys/k' for reading: Permission denied"],
    [
      "permission-denied",
      "awk: fatal: cannot open file `/run/keys/k' for reading: Permission denied",
    ],
    ["permission-denied", 'awk: cannot open "/run/keys/k" (Permission denied)'],
    ["no-such-file", "Can't open /run/keys/k for reading, No such file or directory"],
    ["permission-denied", "PermissionError: [Errno 13] Permission denied: '/run/keys/k'"],
    ["permission-denied", "python3: can't open file '/run/keys/k': [Errno 13] Permission denied"],
    ["no-such-file", "ENOENT: no such file or directory, open '/run/keys/k'"],
    ["permission-denied", "Error: Permission denied (os error 13) while opening /run/keys/k"],
    ["permission-denied", "error: open /run/keys/k: permission denied"],
    ["no-such-file", "/nix/store/x-run: line 4: /run/keys/k: No such file or directory"],
  ])("%s: %s", (kind, line) => {
    expect(filesIn(line)).toEqual([`${kind} /run/keys/k`]);
  });

  it.each(["rm: cannot remove 'x': Permission denied", "tr: read error: Is a directory"])(
    "none: %s",
    (line) => {
      expect(filesIn(line)).toEqual([]);
    },
  );
});
