import { spawnSync } from "node:child_process";
import { mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { realDirectory } from "../../src/host/directory.ts";

const BIN = join(import.meta.dirname, "../../dist/bin.js");

describe("a directory that is named", () => {
  it("is known by the path that its links lead to", async () => {
    const scratch = await mkdtemp(join(tmpdir(), "mvdoctor-directory-"));
    try {
      await symlink("/usr/lib", join(scratch, "link"));
      expect(await realDirectory(join(scratch, "link"))).toBe(await realpath("/usr/lib"));
    } finally {
      await rm(scratch, { recursive: true });
    }
  });

  it.each(["/proc/1/root", "/proc/self/root/var", "/proc/1/task/1/root", "/proc/1/cwd"])(
    "is not taken for one of this machine where it lies in another mount namespace: %s",
    async (path) => {
      expect(await realDirectory(path)).toBe(path);
    },
  );
});

describe("the program", () => {
  it("looks at this host from a directory that was removed", () => {
    const { status, stderr } = spawnSync(
      "bash",
      ["-c", 'cd "$(mktemp -d)" && rmdir "$PWD" && exec "$0" "$1" list', process.execPath, BIN],
      { encoding: "utf8" },
    );
    expect(stderr).not.toContain("bug");
    expect([0, 1, 3]).toContain(status);
  });
});
