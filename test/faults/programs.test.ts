import { execFile, execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtTrees, canBuildTrees } from "../support/built-trees.ts";
import { parseReport } from "../support/report-json.ts";
import { requireTools } from "../support/requirements.ts";
import { REPOSITORY } from "../support/run-node.ts";

const HOST = "fixtures/hosts/qemu.yaml";
const NOW = ["--now", "2026-04-10 12:00:00"];
const MVDOCTOR = [process.execPath, join(REPOSITORY, "dist/bin.js")];

let scratch = "";
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "mvdoctor-programs-"));
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

interface Ended {
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** Runs a program beside others: most of the time it waits. `fakes` are scripts that stand in front of real programs. */
const run = (
  [file = "", ...args]: readonly string[],
  fakes: Readonly<Record<string, string>> = {},
): Promise<Ended> => {
  const bin = mkdtempSync(join(scratch, "bin-"));
  for (const [name, text] of Object.entries(fakes)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const env = {
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    HOME: bin,
    TZ: "UTC",
    LC_ALL: "C.UTF-8",
  };
  const began = performance.now();
  return new Promise((resolve) => {
    execFile(file, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const status = error?.code ?? 0;
      resolve({ status, stdout, stderr, seconds: (performance.now() - began) / 1000 });
    });
  });
};

/** Far less than what hangs would take, and enough for a machine that does other things as well. */
const MOST_SECONDS = 45;
const LEAVES_A_CHILD = "sleep 90 &";

describe.skipIf(!canBuildTrees)("a program of the host that goes wrong", () => {
  const tree = builtTrees(HOST);

  it.concurrent.each<readonly [string, string, string, string, number]>([
    ["journalctl", "hangs", "exec sleep 90", "journal", 3],
    ["journalctl", "prints garbage", String.raw`printf '\377\376{"a":\n[1,\n'`, "journal", 3],
    ["journalctl", "dies by a signal", "kill -9 $$", "journal", 3],
    ["journalctl", "shouts", "head -c 5000000 /dev/zero | tr '\\0' x >&2; exit 1", "journal", 3],
    ["journalctl", "leaves a child that keeps its pipe", LEAVES_A_CHILD, "journal", 3],
    ["nix-store", "hangs", "exec sleep 90", "nix-store", 0],
    ["getfacl", "dies by a signal", "kill -9 $$", "secret-files", 0],
    ["getfacl", "leaves a child that keeps its pipe", LEAVES_A_CHILD, "secret-files", 0],
  ])("%s that %s costs little time, and is named", async (program, _, text, source, status) => {
    const ended = await run(
      [...MVDOCTOR, "diagnose", "web", "--json", "--root", tree(HOST), "--timeout", "1", ...NOW],
      { [program]: text },
    );
    expect(ended).toMatchObject({ status, stderr: "" });
    expect(ended.seconds).toBeLessThan(MOST_SECONDS);
    const { coverage, complete, vms } = parseReport(ended.stdout);
    expect(coverage.gaps.map((gap) => gap.source)).toContain(source);
    expect({ complete, status: vms[0]?.status }).toEqual(
      status === 0 ? { complete: true, status: "healthy" } : { complete: false, status: "unknown" },
    );
  });

  const INTERRUPTS = "kill -INT $PPID\nexec sleep 90";

  it.concurrent.each(["diagnose", "timeline", "report", "check", "list"])(
    "%s that is interrupted shows what there is",
    async (command) => {
      const ended = await run([...MVDOCTOR, command, "--root", tree(HOST), ...NOW], {
        journalctl: INTERRUPTS,
      });
      expect(ended).toMatchObject({ status: 130, stderr: "" });
      expect(ended.stdout).not.toBe("");
      expect(ended.seconds).toBeLessThan(MOST_SECONDS);
    },
  );

  it.concurrent("one that is interrupted twice ends at once", async () => {
    const ended = await run([...MVDOCTOR, "diagnose", "--root", tree(HOST)], {
      journalctl: `kill -INT $PPID\n${INTERRUPTS}`,
    });
    expect(ended.status).toBe(130);
    expect(ended.seconds).toBeLessThan(MOST_SECONDS);
  });

  it.concurrent.each(["diagnose", "timeline", "report", "check", "list", "rules"])(
    "%s ends quietly when nobody reads on",
    async (command) => {
      const source = command === "rules" ? [] : ["--root", tree(HOST), ...NOW];
      const piped = '"$@" | head -1';
      const ended = await run(["sh", "-c", piped, "sh", ...MVDOCTOR, command, ...source]);
      expect(ended).toMatchObject({ status: 0, stderr: "" });
      expect(ended.stdout.split("\n")).toHaveLength(2);
    },
  );

  it.concurrent.each(["diagnose", "rules"])(
    "%s tells in one line of a full stdout",
    async (command) => {
      const source = command === "rules" ? [] : ["--root", tree(HOST), ...NOW];
      const redirected = 'exec "$@" > /dev/full';
      const ended = await run(["sh", "-c", redirected, "sh", ...MVDOCTOR, command, ...source]);
      expect(ended.status).toBe(2);
      expect(ended.stderr).toMatch(/^[^\n]*no space left[^\n]*\n$/u);
    },
  );

  it("leaves nothing of a report on a full disk", async () => {
    const mount = join(scratch, "full");
    mkdirSync(mount);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4k", "tmpfs", mount]);
    try {
      writeFileSync(join(mount, "full"), Buffer.alloc(4096));
      for (const [command, name] of [
        ["diagnose", "report.json"],
        ["report", "report.md"],
        ["timeline", "timeline.json"],
      ] as const) {
        const file = join(mount, name);
        const asked = [...MVDOCTOR, command, "--root", tree(HOST), "--output-file", file, ...NOW];
        const ended = await run(asked);
        expect(ended).toMatchObject({ status: 2, stdout: "" });
        expect(ended.stderr).toContain("no space left");
        expect(readdirSync(mount)).toEqual(["full"]);
      }
    } finally {
      execFileSync("umount", [mount]);
    }
  });

  // The host's own systemd is asked where the host is `/`: here the tree stands in its place, for this program alone.
  it.skipIf(!requireTools("unshare") || !existsSync("/nix"))(
    "systemctl that hangs is named, and the rest is there",
    async () => {
      const binds = ["etc", "var", "run", "nix"].map(
        (name) => `mount --bind "$0/${name}" /${name}`,
      );
      const inside = `${binds.join(" && ")} && exec "$@"`;
      const ended = await run(
        [
          "unshare",
          "--mount",
          "sh",
          "-c",
          inside,
          tree(HOST),
          ...MVDOCTOR,
          "diagnose",
          "web",
          "--json",
          "--timeout",
          "1",
          ...NOW,
        ],
        { systemctl: "exec sleep 90" },
      );
      const { coverage } = parseReport(ended.stdout);
      expect(coverage.gaps).toContainEqual({
        source: "unit",
        reason: expect.stringContaining("systemctl did not answer in time"),
      });
      expect(ended.seconds).toBeLessThan(MOST_SECONDS);
    },
  );
});
