import { chmod, mkdir, mkdtemp, open, rename, rm, symlink, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtTrees, canBuildTrees } from "../support/built-trees.ts";
import { findingOf, parseReport, vmOf } from "../support/report-json.ts";
import { requireTools } from "../support/requirements.ts";
import { REPOSITORY, runMvdoctor } from "../support/run-node.ts";

const STORY = "secret-never-loaded";
const MACHINE = "var/log/journal";

let scratch = "";
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "mvdoctor-bad-input-"));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

describe.skipIf(!canBuildTrees || !requireTools("setpriv"))("bad input", () => {
  const tree = builtTrees(STORY);

  /** A copy of the incident's host that a test may spoil. */
  const copy = async (name: string): Promise<string> => {
    const directory = join(scratch, name);
    await execa("cp", ["-a", tree(STORY), directory]);
    return directory;
  };

  it("an unknown VM ends with 4 and the names that exist", () => {
    const { status, stdout, stderr } = runMvdoctor(["diagnose", "ghost", "--root", tree(STORY)]);
    expect(status).toBe(4);
    expect(stdout).toBe("");
    expect(stderr).toContain("there is no VM ghost");
    expect(stderr).toContain("app-vm-02, plain-vm, test-vm");
  });

  it("and with --json an object that says so", () => {
    const { status, stdout } = runMvdoctor(["diagnose", "ghost", "--root", tree(STORY), "--json"]);
    expect(status).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "no-such-vm", vm: "ghost" } });
  });

  it.each(["../test-vm", "a/b", "..", "."])("the name %s is wrong usage", (name) => {
    const { status, stderr } = runMvdoctor(["diagnose", name, "--root", tree(STORY)]);
    expect(status).toBe(2);
    expect(stderr).toContain("cannot be the name of a VM");
  });

  it("all spellings of a VM's name are the same one", () => {
    for (const name of ["microvm@test-vm", "microvm@test-vm.service"]) {
      const args = ["diagnose", name, "--root", tree(STORY), "--json"];
      expect(parseReport(runMvdoctor(args).stdout).vms.map(({ vm }) => vm)).toEqual(["test-vm"]);
    }
  });

  it("a root that is no directory is wrong usage", () => {
    expect(runMvdoctor(["diagnose", "--root", join(scratch, "none")]).status).toBe(2);
    expect(runMvdoctor(["diagnose", "--root", "/etc/passwd"]).status).toBe(2);
  });

  it("a time that is none is wrong usage", () => {
    const ended = runMvdoctor(["timeline", "--since", "teatime", "--root", tree(STORY)]);
    expect(ended.status).toBe(2);
    expect(ended.stderr).toContain("systemd.time(7)");
  });

  it("a truncated journal is a named gap beside the rest of the report", async () => {
    const root = await copy("truncated");
    const { stdout: file } = await execa("find", [join(root, MACHINE), "-name", "*.journal"]);
    await truncate(file, 5000);
    const { status, stdout } = runMvdoctor(["diagnose", "test-vm", "--root", root, "--json"]);
    const report = parseReport(stdout);
    expect(status).toBe(1);
    expect(report.complete).toBe(false);
    expect(report.coverage.gaps.map(({ source }) => source)).toContain("journal");
    expect(vmOf(report, "test-vm").rootCauses).toEqual(["runner/no-secret-path"]);
  });

  it("a journal that lost entries without a word is no ground for a no", async () => {
    const root = await copy("damaged");
    const { stdout: path } = await execa("find", [join(root, MACHINE), "-name", "*.journal"]);
    const zeroes = [
      "if=/dev/zero",
      `of=${path}`,
      "bs=4096",
      "seek=930",
      "count=16",
      "conv=notrunc",
    ];
    await execa("dd", zeroes);
    const { stdout } = runMvdoctor(["diagnose", "test-vm", "--root", root, "--json"]);
    const report = parseReport(stdout);
    expect(report.complete).toBe(false);
    expect(report.coverage.gaps.map(({ reason }) => reason).join(" ")).toContain("damaged");
    expect(vmOf(report, "test-vm").everWorked.answer).toBe("unknown");
  });

  it("a journal that is too new to be verified is not called damaged", async () => {
    const root = await copy("too-new");
    const { stdout: path } = await execa("find", [join(root, MACHINE), "-name", "*.journal"]);
    // A flag of the header that no journalctl knows and that every one may read over (compatible_flags, at byte 8).
    const file = await open(path, "r+");
    await file.write(Buffer.from([0x40]), 0, 1, 11);
    await file.close();
    const { stdout } = runMvdoctor(["diagnose", "test-vm", "--root", root, "--json"]);
    const report = parseReport(stdout);
    expect(report.complete).toBe(true);
    const reasons = report.coverage.gaps.map(({ reason }) => reason).join(" ");
    expect(reasons).toContain("cannot verify it");
    expect(reasons).not.toContain("finds a journal file damaged");
    expect(vmOf(report, "test-vm").everWorked.answer).toBe("no");
  });

  it("a host without a journal and without a fault ends with 3", async () => {
    const root = await copy("no-journal");
    await rm(join(root, MACHINE), { recursive: true });
    const { status, stdout } = runMvdoctor(["diagnose", "plain-vm", "--root", root, "--json"]);
    expect(status).toBe(3);
    expect(parseReport(stdout).complete).toBe(false);
  });

  it("rights that are missing are a gap, and what they hide is unknown", async () => {
    const root = await copy("no-rights");
    // Where this checkout lies, nobody may have no right to look.
    await chmod(scratch, 0o755);
    await execa("cp", ["-r", process.execPath, join(REPOSITORY, "dist"), scratch]);
    await chmod(join(root, MACHINE), 0o700);
    await chmod(join(root, "run/secrets.d"), 0o700);
    const { stdout } = await execa(
      "setpriv",
      [
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        join(scratch, "node"),
        join(scratch, "dist/bin.js"),
        "diagnose",
        "test-vm",
        "--root",
        root,
        "--json",
      ],
      { reject: false },
    );
    const report = parseReport(stdout);
    const sources = report.coverage.gaps.map(({ source }) => source);
    expect(report.complete).toBe(false);
    expect(sources).toContain("journal");
    expect(sources).toContain("secret-files");
    const refused = report.coverage.ledger.filter(({ kind }) => kind === "rights");
    expect(refused.map(({ source }) => source)).toEqual(
      expect.arrayContaining(["journal", "secret-files"]),
    );
    const required = new Set(["journal", "secret-files"]);
    for (const { source, mayHide } of refused)
      expect({ source, mayHide }).toEqual({ source, mayHide: required.has(source) });
    for (const { stages } of vmOf(report, "test-vm").stages)
      expect(stages["source"]).toBe("unknown");
  });

  it("without nix-store on the path the rest of the report stands", async () => {
    const bin = join(scratch, "bin");
    await mkdir(bin);
    for (const tool of ["journalctl", "getfacl"]) {
      await symlink((await execa("which", [tool])).stdout, join(bin, tool));
    }
    const { status, stdout } = runMvdoctor(
      ["diagnose", "test-vm", "--root", tree(STORY), "--json"],
      {
        env: { PATH: bin },
      },
    );
    const report = parseReport(stdout);
    expect(status).toBe(1);
    expect(report.complete).toBe(true);
    expect(report.coverage.gaps).toContainEqual(
      expect.objectContaining({ source: "nix-store", reason: "nix-store is not on the path" }),
    );
    expect(vmOf(report, "test-vm").rootCauses).toEqual([
      "runner/no-secret-path",
      "access/file-mode",
    ]);
  });

  it("a database that is not there is not made by asking", async () => {
    const root = await copy("no-database");
    await rm(join(root, "nix/var/nix/db"), { recursive: true });
    const { stdout } = runMvdoctor(["diagnose", "test-vm", "--root", root, "--json"]);
    expect(parseReport(stdout).coverage.gaps.map(({ source }) => source)).toContain("nix-store");
    expect((await execa("ls", [join(root, "nix/var/nix")])).stdout).not.toMatch(/^db$/mu);
  });

  it("a state directory without links has no runner to start", async () => {
    const root = await copy("no-links");
    const state = join(root, "var/lib/microvms/test-vm");
    for (const link of ["current", "booted", "toplevel"]) await rm(join(state, link));
    const { status, stdout } = runMvdoctor(["diagnose", "test-vm", "--root", root, "--json"]);
    expect(status).toBe(1);
    expect(findingOf(vmOf(parseReport(stdout), "test-vm"), "runner/missing").title).toContain(
      "current does not exist",
    );
  });

  it("links that loop are told and not followed for ever", async () => {
    const root = await copy("loop");
    const state = join(root, "var/lib/microvms/test-vm");
    await rm(join(state, "current"));
    await rename(join(state, "booted"), join(state, "old"));
    await symlink("booted", join(state, "current"));
    await symlink("current", join(state, "booted"));
    const { status, stdout } = runMvdoctor(["diagnose", "test-vm", "--root", root, "--json"]);
    expect(status).toBe(1);
    expect(findingOf(vmOf(parseReport(stdout), "test-vm"), "runner/missing").title).toContain(
      "circle",
    );
  });

  it("a link out of the root is followed inside of it", async () => {
    const root = await copy("escape");
    const state = join(root, "var/lib/microvms/test-vm");
    await rm(join(state, "current"));
    await symlink("../../../../../../../../../../../../etc", join(state, "current"));
    const { status, stdout } = runMvdoctor(["diagnose", "test-vm", "--root", root, "--json"]);
    expect(status).toBe(1);
    expect(findingOf(vmOf(parseReport(stdout), "test-vm"), "runner/missing").title).toContain(
      "no bin/microvm-run",
    );
  });
});
