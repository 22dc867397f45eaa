import { execa } from "execa";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Command, Host } from "../../src/host/host.ts";
import { openHost } from "../../src/host/open-host.ts";
import { recordHost } from "../../src/host/recording.ts";
import { diagnoseHost } from "../../src/requests/diagnose-hosts.ts";
import { allPages } from "../support/all-pages.ts";
import { builtTrees, canBuildTrees } from "../support/built-trees.ts";
import { canariesIn, canary } from "../support/canary.ts";
import { runMvdoctor } from "../support/run-node.ts";

const STORY = "secret-never-loaded";
const CANARY = "CANARY";

/** The lines of a journal with a value where the border had masked one, or at the end of the message. */
async function* unmasked(host: Host, command: Command): AsyncGenerator<Buffer> {
  for await (const line of host.stream(command).lines)
    yield Buffer.from(
      line.toString("utf8").replace(/(?<="MESSAGE":"[^"]+)(?=")/u, ` ${canary("let-through", 30)}`),
    );
}

describe.skipIf(!canBuildTrees)("a secret stays where it is", () => {
  const tree = builtTrees(STORY);

  it("the secret files of the scenarios do hold what must never be seen", async () => {
    const secret = join(tree(STORY), "run/secrets.d/4/vars/test-vm-secrets/api-key");
    expect(await readFile(secret, "utf8")).toContain(CANARY);
  });

  it("would be seen where the border lets one file, or one line, through", async () => {
    const root = tree(STORY);
    const host = openHost(root);
    const unit = "/etc/systemd/system/microvm@.service";
    const letsFileThrough: Host = {
      ...host,
      readText: async (path) => {
        const found = await host.readText(path);
        return found.status === "present" && path === unit
          ? { status: "present", value: `${found.value}\n# ${canary("let-through", 30)}\n` }
          : found;
      },
    };
    const letsLineThrough: Host = {
      ...host,
      stream: (command) => ({ lines: unmasked(host, command), end: host.stream(command).end }),
    };
    const recording = recordHost(letsFileThrough);
    await diagnoseHost(recording.host, { source: { root }, times: {}, vms: [] });
    expect(canariesIn(JSON.stringify(recording.recorded()))).not.toEqual([]);
    const pages = await allPages(letsLineThrough);
    expect(Object.values(pages).filter((page) => canariesIn(page).length > 0)).not.toEqual([]);
  });

  it.each(["plain", "base64", "hex", "latin1"] as const)("is found when it is %s", (encoding) => {
    for (const before of ["", "a", "ab"]) {
      const text = `${before}${canary("x", 20)}`;
      const written =
        encoding === "plain"
          ? text.toLowerCase()
          : encoding === "latin1"
            ? Buffer.from(text).toString("hex").replaceAll(/../gu, "%$&")
            : Buffer.from(text).toString(encoding);
      expect(canariesIn(`said ${written} aloud`)).not.toEqual([]);
    }
    expect(canariesIn("nothing of the kind")).toEqual([]);
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
