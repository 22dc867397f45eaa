import { execa } from "execa";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openHost } from "../../src/host/open-host.ts";
import { recordHost } from "../../src/host/recording.ts";
import { diagnoseHost } from "../../src/requests/diagnose.ts";
import { allPages } from "../support/all-pages.ts";
import { builtTrees, canBuildTrees } from "../support/built-trees.ts";
import { requireTools } from "../support/requirements.ts";
import { REPOSITORY, runMvdoctor } from "../support/run-node.ts";

const STORY = "secret-never-loaded";
const SCENARIOS = [STORY, `${STORY}/worked-at-0100`, `${STORY}/repaired`];
const CANARY = "CANARY";
/** Everything below these is a secret's, wherever the tree stands. */
const SECRET_ROOT =
  /\/(?:run\/(?:secrets|agenix|credentials)|var\/lib\/sops-nix|etc\/credstore)[^"]*/u;

const canTrace = requireTools("strace");

describe.skipIf(!canBuildTrees || !canTrace)("a secret stays where it is", () => {
  const tree = builtTrees(...SCENARIOS);

  it("the secret files of the scenarios do hold what must never be seen", async () => {
    const secret = join(tree(STORY), "run/secrets.d/4/vars/test-vm-secrets/api-key");
    expect(await readFile(secret, "utf8")).toContain(CANARY);
  });

  it.each(SCENARIOS)("no page about %s holds it", async (scenario) => {
    for (const page of Object.values(await allPages(openHost(tree(scenario))))) {
      expect(page).not.toContain(CANARY);
      expect(page.length).toBeGreaterThan(100);
    }
  });

  it.each(["diagnose", "timeline", "report", "check"])("%s writes it nowhere", (command) => {
    const { stdout, stderr } = runMvdoctor([command, "test-vm", "--root", tree(STORY)]);
    expect(stdout.length).toBeGreaterThan(100);
    expect(`${stdout}${stderr}`).not.toContain(CANARY);
  });

  it.each(SCENARIOS)("no recording of %s holds it", async (scenario) => {
    const root = tree(scenario);
    const recording = recordHost(openHost(root));
    const answer = await diagnoseHost(recording.host, { source: { root }, times: {}, vms: [] });
    expect(answer.status).toBe("diagnosed");
    expect(JSON.stringify(recording.recorded())).not.toContain(CANARY);
  });

  /** Files that a command and its children opened, as strace(1) saw them; a directory that is listed has O_DIRECTORY. */
  const opened = async (command: readonly [string, ...string[]]): Promise<readonly string[]> => {
    const log = join(tree(STORY), "..", "trace");
    await execa(
      "strace",
      ["-f", "-qq", "-e", "trace=open,openat,openat2,creat", "-o", log, ...command],
      { reject: false },
    );
    const trace = await readFile(log, "utf8");
    return [...trace.matchAll(/open(?:at2?)?\([^"]*"(?<path>[^"]+)"(?<flags>[^)]*)/gu)].flatMap(
      ({ groups }) => (groups?.["flags"]?.includes("O_DIRECTORY") ? [] : (groups?.["path"] ?? [])),
    );
  };

  it("no file below a secret root is opened", async () => {
    const program = [process.execPath, join(REPOSITORY, "dist/bin.js")] as const;
    const paths = await opened([...program, "report", "--root", tree(STORY), "-o", "json"]);
    const below = paths.filter((path) => path.startsWith(tree(STORY)));
    expect(below.length).toBeGreaterThan(20);
    expect(below.filter((path) => SECRET_ROOT.test(path))).toEqual([]);
  });

  it("the trace sees it when somebody opens one", async () => {
    const secret = join(tree(STORY), "run/secrets.d/4/vars/test-vm-secrets/api-key");
    const paths = await opened(["cat", secret]);
    expect(paths.filter((path) => SECRET_ROOT.test(path))).toEqual([secret]);
  });

  it("nothing on the host changes", async () => {
    const listing = async (): Promise<string> =>
      (await execa("find", [tree(STORY), "-printf", "%P %y %m %U:%G %s %T@ %C@\\n"])).stdout;
    const before = await listing();
    runMvdoctor([
      "report",
      "test-vm",
      "--root",
      tree(STORY),
      "--output-file",
      join(tree(STORY), "..", "a.md"),
    ]);
    expect(await listing()).toBe(before);
    await writeFile(join(tree(STORY), "nix/var/nix/db/reserved"), "");
    expect(await listing()).not.toBe(before);
  });
});
