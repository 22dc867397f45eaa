import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { REPOSITORY } from "../support/run-node.ts";

const BUNDLE = join(REPOSITORY, "fixtures/incidents/secret-never-loaded/evidence.mvb");

describe("the package for npm, installed from its tarball", () => {
  let place = "";
  let prefix = "";

  /** With what was installed on the path, and nothing of this checkout but its Node. */
  const run = (file: string, ...args: readonly string[]) =>
    execa(file, args, {
      cwd: place,
      reject: false,
      extendEnv: false,
      env: {
        PATH: [join(prefix, "bin"), dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter),
        HOME: place,
      },
    });

  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), "mvdoctor-package-"));
    prefix = join(place, "prefix");
    // dist/ is built: `prepack` would build it again under tests that run at the same time.
    const pack = ["pack", "--ignore-scripts", "--pack-destination", place];
    await execa("npm", pack, { cwd: REPOSITORY });
    const tarball = join(place, `mvdoctor-${packageJson.version}.tgz`);
    // Offline: it has to bring all that it needs.
    const install = ["install", "--offline", "--global", `--prefix=${prefix}`, tarball];
    const installed = await run("npm", ...install);
    expect(installed.stderr).toBe("");
  });
  afterAll(async () => {
    await rm(place, { recursive: true, force: true });
  });

  it("has mvdoctor on the path, and it diagnoses", async () => {
    expect((await run("mvdoctor", "--version")).stdout).toBe(`mvdoctor ${packageJson.version}`);
    const diagnosed = await run("mvdoctor", "diagnose", "test-vm", "--bundle", BUNDLE);
    expect(diagnosed).toMatchObject({ exitCode: 1, stderr: "" });
    expect(diagnosed.stdout).toContain("ROOT CAUSE runner/no-secret-path");
  });

  it("brings the manual, and needs no other package", async () => {
    expect(await readdir(join(prefix, "share/man/man1"))).toContain("mvdoctor-diagnose.1");
    expect(await readdir(join(prefix, "share/man/man5"))).toEqual(["mvdoctor-config.5"]);
    expect(await readdir(join(prefix, "lib/node_modules"))).toEqual(["mvdoctor"]);
    expect(await readdir(join(prefix, "lib/node_modules/mvdoctor"))).not.toContain("node_modules");
  });

  it("has nothing in it but the program, its pages and its licence", async () => {
    const files = await readdir(join(prefix, "lib/node_modules/mvdoctor"));
    expect(files.toSorted()).toEqual(["LICENSE", "README.md", "dist", "docs", "package.json"]);
  });
});
