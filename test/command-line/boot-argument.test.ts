import { expect, test } from "vitest";
import { withBootArgument } from "../../src/command-line/boot-argument.ts";

const ID = "0123456789abcdef0123456789abcdef";

test.for<[string[], string[]]>([
  [["-b"], ["--boot=0"]],
  [["--boot"], ["--boot=0"]],
  [
    ["-b", "test-vm"],
    ["--boot=0", "test-vm"],
  ],
  [
    ["-b", "--utc"],
    ["--boot=0", "--utc"],
  ],
  [
    ["-b", "-1", "test-vm"],
    ["--boot=-1", "test-vm"],
  ],
  [["-b", "+2"], ["--boot=+2"]],
  [["--boot", ID], [`--boot=${ID}`]],
  [
    ["-b", "--", "0"],
    ["--boot=0", "--", "0"],
  ],
  // Not ours: what follows `--`, and flags with their value attached.
  [
    ["--", "-b"],
    ["--", "-b"],
  ],
  [
    ["-b0", "--boot=-1"],
    ["-b0", "--boot=-1"],
  ],
  // Near a boot id, but a name.
  [
    ["-b", `${ID}0`],
    ["--boot=0", `${ID}0`],
  ],
  [
    ["-b", "1st-vm"],
    ["--boot=0", "1st-vm"],
  ],
])("%j becomes %j", ([argv, expected]) => {
  expect(withBootArgument(argv)).toStrictEqual(expected);
});
