import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  collectConfigurationRepository,
  collectRepositoryBasics,
} from "../../src/collectors/configuration-repository.ts";
import type {
  ConfigurationRepository,
  RepositoryCommit,
  Search,
} from "../../src/evidence/configuration-repository.ts";
import { openHost } from "../../src/host/open-host.ts";
import { recordHost, replayHost } from "../../src/host/recording.ts";
import { gitRepository, type GitRepository } from "../support/git-repository.ts";
import { vmName } from "../support/literals.ts";
import { requireTools } from "../support/requirements.ts";

const VM_FILE = "{ microvm.vms.demo-vm = { }; }\n";
const CUSTOM =
  '{ microvm.vms.demo-vm.config.microvm.binScripts.microvm-run = "HOST_TOKEN_X=1"; }\n';
const HOUR = 3600;

const lock = (microvm: object): string =>
  JSON.stringify({
    nodes: { microvm: { locked: microvm }, root: { inputs: { microvm: "microvm" } } },
    root: "root",
    version: 7,
  });

describe.skipIf(!requireTools("git"))("a configuration repository", () => {
  let scratch = "";
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "mvdoctor-repository-"));
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
  });

  let repositories = 0;
  const fresh = (): GitRepository => {
    repositories += 1;
    return gitRepository(join(scratch, String(repositories)));
  };
  const read = async (directory: string, host = openHost("/")): Promise<ConfigurationRepository> =>
    collectConfigurationRepository(await collectRepositoryBasics(host, directory), {
      vm: vmName(),
      runnerNames: ["HOST_TOKEN_X"],
    });
  const searchOf = (found: ConfigurationRepository, text: string): Search => {
    const search = found.searches.find((one) => one.text === text);
    if (search === undefined) throw new Error(`${text} was not searched`);
    return search;
  };
  const briefly = ({ subject, refs, reachable, stash }: RepositoryCommit) => ({
    subject,
    refs,
    reachable,
    stash,
  });
  const commitsWith = async (repository: GitRepository, text: string) =>
    searchOf(await read(repository.directory), text).commits.map(briefly);

  it("finds a text on a branch that is not checked out, and who holds it", async () => {
    const repository = fresh();
    repository.commit("the VM", { "vm.nix": VM_FILE });
    repository.git("checkout", "--quiet", "-b", "try");
    repository.commit("its own runner", { "vm.nix": CUSTOM }, HOUR);
    repository.git("tag", "kept");
    repository.git("checkout", "--quiet", "main");
    const found = await read(repository.directory);
    expect(searchOf(found, "HOST_TOKEN_X").commits.map(briefly)).toEqual([
      { subject: "its own runner", refs: ["try", "kept"], reachable: false, stash: undefined },
    ]);
    expect(searchOf(found, "binScripts").commits[0]?.files).toEqual(["vm.nix"]);
    expect(searchOf(found, "HOST_TOKEN_X")).toMatchObject({ head: [], workTree: [], whole: true });
    expect(searchOf(found, "demo-vm")).toMatchObject({ head: ["vm.nix"], workTree: ["vm.nix"] });
    expect(found.head).toMatchObject({ subject: "the VM", branch: "main" });
    const [commit] = searchOf(found, "HOST_TOKEN_X").commits;
    expect((commit?.committed ?? 0) - (found.head?.committed ?? 0)).toBe(HOUR * 1_000_000);
  });

  it("finds what only the reflog still knows", async () => {
    const repository = fresh();
    repository.commit("the VM", { "vm.nix": VM_FILE });
    repository.commit("its own runner", { "vm.nix": CUSTOM });
    repository.git("reset", "--quiet", "--hard", "HEAD~1");
    expect(await commitsWith(repository, "HOST_TOKEN_X")).toEqual([
      { subject: "its own runner", refs: [], reachable: false, stash: undefined },
    ]);
  });

  it.each([
    ["changed", []],
    ["staged", ["add", "--all"]],
  ])("finds what was %s when it was stashed, also below another stash", async (_, before) => {
    const repository = fresh();
    repository.commit("the VM", { "vm.nix": VM_FILE });
    repository.write({ "vm.nix": CUSTOM });
    if (before.length > 0) repository.git(...before);
    repository.git("stash");
    repository.write({ "other.nix": "{ }\n" });
    repository.git("stash", "--include-untracked");
    const found = await read(repository.directory);
    expect(found.stashes.map(({ number }) => number)).toEqual([0, 1]);
    const commits = searchOf(found, "HOST_TOKEN_X").commits;
    expect([...new Set(commits.map((one) => one.stash))]).toEqual([1]);
    expect(commits.every(({ reachable }) => !reachable)).toBe(true);
  });

  it("finds an untracked file that was stashed", async () => {
    const repository = fresh();
    repository.commit("the VM", { "vm.nix": VM_FILE });
    repository.write({ "runner.nix": CUSTOM });
    repository.git("stash", "--include-untracked");
    const [commit] = await commitsWith(repository, "HOST_TOKEN_X");
    expect(commit).toMatchObject({ stash: 0, reachable: false });
  });

  it("names what differs from HEAD, what git does not know, and which of it holds the text", async () => {
    const repository = fresh();
    repository.commit("the VM", { "vm.nix": VM_FILE, "other.nix": "{ }\n", ".gitignore": "out\n" });
    repository.write({
      "vm.nix": CUSTOM,
      "new.nix": "{ }\n",
      "notes.txt": "x\n",
      "out/a.nix": "x",
    });
    const found = await read(repository.directory);
    expect(found.changed).toEqual(["vm.nix"]);
    expect(found.untracked).toEqual(["new.nix"]);
    expect(searchOf(found, "HOST_TOKEN_X")).toMatchObject({
      commits: [],
      head: [],
      workTree: ["vm.nix"],
    });
  });

  it("takes a VM's name only where it stands alone", async () => {
    const repository = fresh();
    repository.commit("another", { "a.nix": "{ microvm.vms.demo-vm-2 = my-demo-vm; }\n" });
    expect(await commitsWith(repository, "demo-vm")).toEqual([]);
    repository.commit("this one", { "a.nix": '{ microvm.vms."demo-vm" = 1; }\n' });
    expect(await commitsWith(repository, "demo-vm")).toMatchObject([{ subject: "this one" }]);
  });

  it("masks what a message gives away, and keeps no line of a file", async () => {
    const repository = fresh();
    repository.commit("API_KEY=hunter2hunter2 now works", { "vm.nix": CUSTOM });
    repository.write({ "vm.nix": `${CUSTOM}# password = "hunter3hunter3"\n` });
    repository.git("stash");
    const recording = recordHost(openHost("/"));
    const found = await read(repository.directory, recording.host);
    const kept = JSON.stringify(found) + JSON.stringify(recording.recorded());
    expect(kept).not.toMatch(/hunter|HOST_TOKEN_X=/u);
    expect(searchOf(found, "HOST_TOKEN_X").commits.map(({ subject }) => subject)).toContain(
      "API_KEY=<masked, 14 bytes> now works",
    );
  });

  it("reads which microvm.nix is locked, in HEAD and in the work tree", async () => {
    const repository = fresh();
    repository.commit("one", {
      "flake.lock": lock({ type: "path", path: "/srv/microvm.nix", narHash: "sha256-A" }),
    });
    repository.write({
      "flake.lock": lock({
        type: "github",
        owner: "microvm-nix",
        repo: "microvm.nix",
        rev: "abc",
        lastModified: 1_758_000_000,
        narHash: "sha256-B",
      }),
    });
    const { locks } = await read(repository.directory);
    expect(locks).toMatchObject([
      { in: "head", type: "path", location: "/srv/microvm.nix", narHash: "sha256-A" },
      {
        in: "work-tree",
        type: "github",
        location: "microvm-nix/microvm.nix",
        revision: "abc",
        lastModified: 1_758_000_000_000_000,
      },
    ]);
  });

  it("says what could not be searched", async () => {
    const origin = fresh();
    origin.commit("one", { "vm.nix": CUSTOM });
    origin.commit("two", { "vm.nix": VM_FILE });
    const shallow = join(scratch, "shallow");
    origin.git("clone", "--quiet", "--depth=1", `file://${origin.directory}`, shallow);
    const cutOff = await read(shallow);
    expect(cutOff.problems.join()).toContain("shallow clone");
    expect(searchOf(cutOff, "HOST_TOKEN_X").whole).toBe(false);
    const nothing = await read(scratch);
    expect(nothing.problems.join()).toContain("not a git repository");
    expect(nothing.searches).toEqual([]);
  });

  it("reads a repository without a commit, and one without a work tree", async () => {
    const empty = fresh();
    empty.write({ "vm.nix": CUSTOM });
    const unborn = await read(empty.directory);
    expect(unborn).not.toHaveProperty("head");
    expect(unborn).toMatchObject({ problems: [], untracked: ["vm.nix"] });
    expect(searchOf(unborn, "HOST_TOKEN_X").workTree).toEqual(["vm.nix"]);
    const origin = fresh();
    origin.commit("one", { "vm.nix": CUSTOM });
    const bare = join(scratch, "bare.git");
    origin.git("clone", "--quiet", "--bare", origin.directory, bare);
    const found = await read(bare);
    expect(found).toMatchObject({ problems: [], changed: [], untracked: [] });
    expect(searchOf(found, "HOST_TOKEN_X").commits).toHaveLength(1);
  });

  it("says the same from a recording", async () => {
    const repository = fresh();
    repository.commit("the VM", { "vm.nix": CUSTOM, "flake.lock": lock({ type: "path" }) });
    repository.write({ "vm.nix": VM_FILE });
    const recording = recordHost(openHost("/"));
    const live = await read(repository.directory, recording.host);
    const replayed = await read(repository.directory, replayHost(recording.recorded()));
    expect(replayed).toEqual(live);
  });
});
