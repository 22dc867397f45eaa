import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { collectRepositoryBasics } from "../../src/collectors/configuration-repository.ts";
import { openHost } from "../../src/host/open-host.ts";
import { gitRepository, type GitRepository } from "../support/git-repository.ts";
import { requireTools } from "../support/requirements.ts";

const listing = (directory: string): string =>
  execFileSync("find", [directory, "-printf", "%P %y %m %U:%G %s %T@ %C@\\n"], {
    encoding: "utf8",
  });

describe.skipIf(!requireTools("git", "find"))("a configuration repository of somebody else", () => {
  let scratch = "";
  let proof = "";
  let repository: GitRepository;
  /** A program that leaves a trace, and passes on what it is given. */
  const trap = (name: string): string => `echo ${name} >> ${proof}; cat`;

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "mvdoctor-git-"));
    proof = join(scratch, "proof");
    repository = gitRepository(join(scratch, "configuration"));
    repository.commit("one", {
      "a.nix": '{ binScripts.microvm-run = "x"; }\n',
      "b.nix": "{ }\n",
      "c.nix": "{ }\n",
      ".gitattributes": "*.nix diff=trap filter=trap\nc.nix diff=trap filter=a=b\n",
      "flake.lock": "{}\n",
    });
    const [header = "", ...message] = repository.git("cat-file", "commit", "HEAD").split("\n\n");
    const signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----";
    repository.write({ "../signed": [`${header}\n${signature}`, ...message].join("\n\n") });
    const signed = repository.git("hash-object", "-t", "commit", "-w", join(scratch, "signed"));
    repository.git("reset", "--quiet", signed.trim());
    repository.write({ "a.nix": '{ binScripts.microvm-run = "y"; }\n' });
    repository.git("stash");
    for (const [name, value] of [
      ["core.fsmonitor", trap("core.fsmonitor")],
      ["core.pager", trap("core.pager")],
      ["pager.log", trap("pager.log")],
      ["pager.grep", trap("pager.grep")],
      ["pager.status", trap("pager.status")],
      ["core.hooksPath", join(scratch, "hooks")],
      ["diff.external", trap("diff.external")],
      ["diff.trap.command", trap("diff.trap.command")],
      ["diff.trap.textconv", trap("diff.trap.textconv")],
      ["filter.trap.clean", trap("filter.clean")],
      ["filter.trap.smudge", trap("filter.smudge")],
      ["filter.trap.required", "true"],
      ["filter.a=b.process", trap("filter.process")],
      ["log.showSignature", "true"],
      ["gpg.program", join(scratch, "gpg")],
      ["alias.log", `!${trap("alias.log")}`],
      ["alias.status", `!${trap("alias.status")}`],
      ["core.sshCommand", trap("core.sshCommand")],
    ] as const)
      repository.git("config", name, value);
    repository.write({
      "b.nix": "{ x = 1; }\n",
      "flake.lock": "{ }\n",
      "../hooks/post-index-change": `#!/bin/sh\n${trap("hook")}\n`,
      "../gpg": `#!/bin/sh\n${trap("gpg.program")}\n`,
    });
    execFileSync("chmod", ["0755", join(scratch, "hooks/post-index-change"), join(scratch, "gpg")]);
    // Content that the index does not vouch for is compared again, through the filters.
    for (const name of ["a.nix", "c.nix"]) utimesSync(join(repository.directory, name), 1, 1);
  });
  afterEach(() => {
    rmSync(proof, { force: true });
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
  });

  it("the traps are real: a plain git falls into them", () => {
    const copy = join(scratch, "copy");
    execFileSync("cp", ["-a", repository.directory, copy]);
    for (const args of [["status"], ["diff"], ["log", "-p", "-S", "binScripts"]])
      spawnSync("git", ["-C", copy, ...args], {
        stdio: ["ignore", "pipe", "pipe"],
        env: { PATH: process.env["PATH"], GIT_CONFIG_GLOBAL: "/dev/null" },
      });
    const sprung = execFileSync("cat", [proof], { encoding: "utf8" });
    expect(sprung).toContain("core.fsmonitor");
    expect(sprung).toContain("diff.trap.command");
    expect(sprung).toContain("diff.trap.textconv");
    expect(sprung).toContain("filter.clean");
    expect(sprung).toContain("filter.process");
    expect(sprung).toContain("gpg.program");
  });

  it.each(["/", "/nonexistent"])(
    "is searched without running its programs or changing a file, on a host below %s",
    async (root) => {
      const before = listing(repository.directory);
      const { found } = await collectRepositoryBasics(openHost(root), repository.directory);
      expect(found.searches.find(({ text }) => text === "binScripts")?.commits.length).toBe(3);
      expect(found.changed).toEqual(["b.nix", "flake.lock"]);
      expect(found.problems).toEqual([
        `flake.lock of the commit that is checked out of ${repository.directory} is no lock file of Nix`,
        `flake.lock of the work tree of ${repository.directory} is no lock file of Nix`,
      ]);
      expect(listing(repository.directory)).toBe(before);
      expect(existsSync(proof)).toBe(false);
    },
  );

  it.each([["fetch"], ["commit", "-am", "x"], ["config", "a.b", "c"], ["log", "--output=x"]])(
    "is never asked to %s",
    async (...args) => {
      const { failure } = await openHost("/").run({
        program: "git",
        args: ["-C", repository.directory, ...args],
      });
      expect(failure).toBe("not-possible");
    },
  );

  it("fetches nothing that a partial clone lacks", async () => {
    const clone = gitRepository(join(scratch, "partial"));
    clone.commit("one", { "a.nix": "{ binScripts = 1; }\n" });
    const blob = clone.git("rev-parse", "HEAD:a.nix").trim();
    rmSync(join(clone.directory, ".git/objects", blob.slice(0, 2), blob.slice(2)));
    clone.git("config", "core.repositoryFormatVersion", "1");
    clone.git("config", "extensions.partialClone", "origin");
    clone.git("config", "remote.origin.url", "ssh://localhost/nowhere");
    clone.git("config", "remote.origin.promisor", "true");
    clone.git("config", "core.sshCommand", trap("core.sshCommand"));
    const { found } = await collectRepositoryBasics(openHost("/"), clone.directory);
    expect(found.problems.join("\n")).toContain("binScripts");
    expect(existsSync(proof)).toBe(false);
  });
});
