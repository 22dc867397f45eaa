import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtTrees, canBuildTrees } from "../support/built-trees.ts";
import { canariesIn } from "../support/canary.ts";
import { requireTools } from "../support/requirements.ts";
import { REPOSITORY, runMvdoctor } from "../support/run-node.ts";
import { changesOutside, openedFiles, traced } from "../support/system-calls.ts";

const STORY = "secret-never-loaded";
/** A host for each way in which secrets get onto one. */
const MECHANISMS: Readonly<Record<string, string>> = {
  "clan vars": STORY,
  "sops-nix": "fixtures/hosts/qemu.yaml",
  agenix: "fixtures/hosts/agenix.yaml",
  "no mechanism": "fixtures/hosts/plain.yaml",
};

/** Everything below these is a secret's, wherever the tree stands. */
const SECRET_ROOT =
  /\/(?:run\/(?:secrets|agenix|credentials|keys)|var\/lib\/(?:sops-nix|systemd\/credential)|etc\/(?:credstore|ssh))/u;

/** Each command that reads a host, with what it may write besides its output: a new one is a line. `diagnose` runs above. */
const SHIPPED = join(REPOSITORY, "fixtures/incidents/secret-never-loaded/evidence.mvb");

const COMMANDS: readonly Traced[] = [
  { args: ["timeline"] },
  { args: ["check"] },
  { args: ["list", "--redact=hosts"] },
  {
    args: ["report", "--output-file", "OUT.md"],
    mayWrite: (path) => /\/\.?OUT\.md[^/]*$/u.test(path),
  },
  {
    args: ["collect", "--redact=users", "--output-file", "OUT.mvb"],
    mayWrite: (path) => /\/\.?OUT\.mvb[^/]*$/u.test(path),
  },
];

interface Traced {
  readonly args: readonly string[];
  readonly mayWrite?: (path: string) => boolean;
}

const WITHOUT_A_HOST: readonly Traced[] = [
  { args: ["rules"] },
  { args: ["collect", "--dry-run"] },
  { args: ["diagnose", "--bundle", SHIPPED] },
  { args: ["explain", "access/file-mode"] },
];

/** Where a program of this machine lies. */
const found = async (name: string): Promise<string> =>
  (await execa("sh", ["-c", `command -v ${name}`])).stdout;

const canTrace = requireTools("strace");

describe.skipIf(!canBuildTrees || !canTrace)("what the program asks of the kernel", () => {
  const tree = builtTrees(...Object.values(MECHANISMS));
  const program = [process.execPath, join(REPOSITORY, "dist/bin.js")] as const;
  let scratch = "";
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "mvdoctor-calls-"));
  });
  afterAll(async () => {
    await rm(scratch, { recursive: true, force: true });
  });
  const run = (...args: readonly string[]) =>
    traced(
      [...program, ...args.map((arg) => (arg.startsWith("OUT") ? join(scratch, arg) : arg))],
      join(scratch, "trace"),
    );

  it.each(Object.entries(MECHANISMS))(
    "opens no file below a secret root, where secrets come by %s",
    async (_, scenario) => {
      const root = tree(scenario);
      const { calls, stdout } = await run("diagnose", "--root", root, "-o", "json");
      expect(stdout).not.toContain("CANARY");
      const below = openedFiles(calls).filter((path) => path.startsWith(root));
      expect(below.length).toBeGreaterThan(10);
      expect(below.filter((path) => SECRET_ROOT.test(path))).toEqual([]);
      expect(changesOutside(calls)).toEqual([]);
    },
  );

  it.each(COMMANDS)("changes nothing and speaks to nobody: $args", async ({ args, mayWrite }) => {
    const { calls, stdout, stderr } = await run(...args, "test-vm", "--root", tree(STORY));
    expect(canariesIn(`${stdout}${stderr}`)).toEqual([]);
    expect(stderr).toMatch(/^(?:mvdoctor: collected .*)?$/u);
    expect(openedFiles(calls).length).toBeGreaterThan(10);
    expect(changesOutside(calls, mayWrite)).toEqual([]);
  });

  it("changes nothing of the machine that it runs on, nor of its store", async () => {
    const { calls, stdout } = await run("diagnose");
    expect(stdout.length).toBeGreaterThan(10);
    expect(changesOutside(calls)).toEqual([]);
  });

  it("tells that Nix is missing without running it", async () => {
    const programs = join(scratch, "programs");
    await mkdir(programs);
    for (const name of ["sh", "unshare", "mount", "mkdir", "journalctl", "getfacl"])
      await symlink(await found(name), join(programs, name));
    const { stdout } = runMvdoctor(["diagnose", "--root", tree(STORY)], {
      env: { PATH: programs },
    });
    expect(stdout).toContain("nix-store is not on the path");
  });

  it.each(WITHOUT_A_HOST)("nor does it without a host: $args", async ({ args }) => {
    const { calls } = await run(...args);
    expect(openedFiles(calls).length).toBeGreaterThan(3);
    expect(changesOutside(calls)).toEqual([]);
  });

  it.each([
    ["writes", "echo > written"],
    ["makes a directory", "mkdir made"],
    ["changes a mode", "chmod 0700 ."],
    ["mounts without a namespace", "mount -t tmpfs none /nonexistent"],
    [
      "writes beside what it covered",
      "unshare --mount --propagation private sh -c 'mount -n -t tmpfs none /sys && mkdir /sys/a made'",
    ],
    [
      "shows something at a place that it did not cover",
      "unshare --mount --propagation private sh -c 'mount -n --bind /etc /mnt'",
    ],
    ["speaks to somebody", "exec 3<>/dev/tcp/127.0.0.1/9"],
  ])("would be seen when it %s", async (_, script) => {
    const { calls } = await traced(
      ["bash", "-c", `cd ${scratch} && ${script}`],
      join(scratch, "trace"),
    );
    expect(changesOutside(calls)).not.toEqual([]);
  });

  it("would be seen when it reads a secret", async () => {
    const secret = join(tree(STORY), "run/secrets.d/4/vars/test-vm-secrets/api-key");
    expect(await readFile(secret, "utf8")).toContain("CANARY");
    const { calls } = await traced(["cat", secret], join(scratch, "trace"));
    expect(openedFiles(calls).filter((path) => SECRET_ROOT.test(path))).toEqual([secret]);
  });
});
