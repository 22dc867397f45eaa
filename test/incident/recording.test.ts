import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openHost } from "../../src/host/open-host.ts";
import { recordHost, replayHost } from "../../src/host/recording.ts";
import { writeRecording } from "../../src/host/recording-file.ts";
import { diagnoseHost } from "../../src/index.ts";
import { allPages } from "../support/all-pages.ts";
import { builtTrees, canBuildTrees } from "../support/built-trees.ts";
import { REPOSITORY, runMvdoctor } from "../support/run-node.ts";

const STORY = "secret-never-loaded";
const SHIPPED = join(REPOSITORY, `fixtures/incidents/${STORY}/evidence.json.gz`);
const NOW = "2025-09-27 01:52:00";

let scratch = "";
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "mvdoctor-recording-"));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

describe.skipIf(!canBuildTrees)("a recording", () => {
  const tree = builtTrees(STORY);

  it("gives the report of the host byte for byte, in every format", async () => {
    const recording = recordHost(openHost(tree(STORY)));
    const live = await allPages(recording.host, { now: NOW });
    const replayed = await allPages(replayHost(recording.recorded(), tree(STORY)), { now: NOW });
    expect(replayed).toEqual(live);
  });

  it("gives it from its file, too, for one VM of those that were recorded", async () => {
    const root = tree(STORY);
    const recording = recordHost(openHost(root));
    await diagnoseHost(recording.host, { source: { root }, times: {}, vms: [] });
    const file = join(scratch, "host.json.gz");
    await writeRecording(file, recording.recorded());
    for (const command of ["diagnose", "timeline", "report"]) {
      const args = [command, "test-vm", "--now", NOW];
      const live = runMvdoctor([...args, "--root", root]);
      const replayed = runMvdoctor([...args, "--bundle", file]);
      expect(replayed.stdout).toBe(live.stdout);
      expect(replayed.status).toBe(live.status);
    }
  });
});

describe("a file of recorded evidence", () => {
  it("needs neither journalctl nor nix", () => {
    const { status, stdout } = runMvdoctor(
      ["diagnose", "test-vm", "--bundle", SHIPPED, "--now", NOW],
      {
        env: { PATH: "/nonexistent" },
      },
    );
    expect(status).toBe(1);
    expect(stdout).toContain("runner/no-secret-path");
    expect(stdout).not.toContain("Gap");
  });

  it.each([
    ["cut off", (packed: Buffer) => packed.subarray(0, packed.length / 2)],
    ["no recording", () => gzipSync("{}")],
    ["no gzip and no JSON", () => Buffer.from("hello")],
    [
      "of another schema",
      (packed: Buffer) =>
        gzipSync(gunzipSync(packed).toString("utf8").replace('"version": 1', '"version": 99')),
    ],
  ])("that is %s is refused with one line and status 5", async (_, damage) => {
    const file = join(scratch, "damaged.json.gz");
    await writeFile(file, damage(await readFile(SHIPPED)));
    const { status, stdout, stderr } = runMvdoctor(["diagnose", "--bundle", file]);
    expect(status).toBe(5);
    expect(stdout).toBe("");
    expect(stderr.split("\n")[0]).toContain("damaged.json.gz cannot be used");
  });

  it("that does not exist is refused too", () => {
    expect(runMvdoctor(["diagnose", "--bundle", join(scratch, "none")]).status).toBe(5);
  });
});
