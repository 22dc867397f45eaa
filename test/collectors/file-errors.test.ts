import { describe, expect, it } from "vitest";

import { fileErrors } from "../../src/collectors/output/file-errors.ts";

const toldBy = (line: string): readonly string[] =>
  fileErrors(line).map((one) => ("path" in one ? `${one.kind} ${one.path}` : one.kind));

describe("a program that could not open a file", () => {
  it.each([
    ["coreutils", "head: cannot open '/etc/vm/psk' for reading: Permission denied"],
    [
      "coreutils with other quotes",
      "cp: cannot open \u2018/etc/vm/psk\u2019 for reading: Permission denied",
    ],
    ["gawk", "awk: fatal: cannot open file `/etc/vm/psk' for reading: Permission denied"],
    ["openssl", 'Can\'t open "/etc/vm/psk" for reading, Permission denied'],
    ["a shell", "/nix/store/x-microvm-run: line 7: /etc/vm/psk: Permission denied"],
    ["a program in Rust", "Error: failed to open /etc/vm/psk: Permission denied (os error 13)"],
    ["a program in Go", "open /etc/vm/psk: permission denied"],
    ["a program in Python", "PermissionError: [Errno 13] Permission denied: '/etc/vm/psk'"],
    ["a program for Node", "Error: EACCES: permission denied, open '/etc/vm/psk'"],
  ])("is told by %s with its path", (_, line) => {
    expect(toldBy(line)).toEqual(["permission-denied /etc/vm/psk"]);
  });

  it.each([
    "tail: cannot open '/etc/vm/psk' for reading: No such file or directory",
    "FileNotFoundError: [Errno 2] No such file or directory: '/etc/vm/psk'",
    "Error: ENOENT: no such file or directory, open '/etc/vm/psk'",
  ])("is told that there is no such file by: %s", (line) => {
    expect(toldBy(line)).toEqual(["no-such-file /etc/vm/psk"]);
  });

  it.each([
    "curl: (22) The requested URL returned error: permission denied, see 'https://vault.example/v1'",
    "sshd: Permission denied (publickey).",
    "psk for reading: Permission denied",
  ])("is not told by: %s", (line) => {
    expect(toldBy(line)).toEqual([]);
  });
});
