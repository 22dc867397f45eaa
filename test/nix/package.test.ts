import { access, cp, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { requireTools } from "../support/requirements.ts";
import { REPOSITORY } from "../support/run-node.ts";

interface Derivation {
  readonly pname: string;
  readonly version: string;
  readonly src: readonly string[];
  readonly npmDeps: { readonly lockFile: string };
  readonly buildPhase: string;
  readonly installPhase: string;
  readonly installCheckPhase: string;
}

/** What the setup hooks of nixpkgs bring into the phases of a derivation. */
const HOOKS = `
  set -eu
  runHook() { :; }
  makeWrapper() {
    printf '#!/bin/sh\\nexec %s %s "$@"\\n' "$1" "$4" > "$2"
    chmod 0755 "$2"
  }
  installManPage() { mkdir -p "$out/share/man" && cp "$@" "$out/share/man"; }
  installShellCompletion() { mkdir -p "$out/share/completion" && cp "$4" "$6" "$8" "$out/share/completion"; }
`;

describe.skipIf(!requireTools("nix-instantiate"))("the package for Nix", () => {
  let place = "";
  let derivation: Derivation | undefined;

  beforeAll(async () => {
    const { stdout } = await execa("nix-instantiate", [
      "--eval",
      "--strict",
      "--json",
      join(REPOSITORY, "test/nix/stub-package.nix"),
    ]);
    derivation = JSON.parse(stdout) as Derivation;
    place = await mkdtemp(join(tmpdir(), "mvdoctor-nix-package-"));
  });
  afterAll(async () => {
    await rm(place, { recursive: true, force: true });
  });

  const built = (): Derivation => {
    if (derivation === undefined) throw new Error("nothing was evaluated");
    return derivation;
  };

  it("has the version and the lock file of the package for npm", async () => {
    expect(built()).toMatchObject({ pname: "mvdoctor", version: packageJson.version });
    await access(built().npmDeps.lockFile);
  });

  it("builds from the sources that it names, and installs program, manual and completions", async () => {
    const source = join(place, "source");
    const out = join(place, "out");
    for (const path of built().src)
      await cp(path, join(source, relative(REPOSITORY, path)), { recursive: true });
    // What importNpmLock would install.
    await symlink(join(REPOSITORY, "node_modules"), join(source, "node_modules"));
    const { buildPhase, installPhase, installCheckPhase } = built();
    const phases = [HOOKS, buildPhase, installPhase, installCheckPhase].join("\n");
    await execa("bash", ["-c", phases.replaceAll("@nodejs@/bin/node", process.execPath)], {
      cwd: source,
      extendEnv: false,
      env: { out, PATH: [dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter) },
    });
    const { stdout } = await execa(join(out, "bin/mvdoctor"), ["explain", "access/file-mode"]);
    expect(stdout).toContain("access/file-mode (error)");
    expect(await readdir(join(out, "share/man"))).toContain("mvdoctor.1");
    expect(await readdir(join(out, "share/completion"))).toEqual([
      "mvdoctor.bash",
      "mvdoctor.fish",
      "mvdoctor.zsh",
    ]);
    const zsh = await readFile(join(out, "share/completion/mvdoctor.zsh"), "utf8");
    expect(zsh).toMatch(/^#compdef mvdoctor\n/u);
  });
});
