import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unpackBundle } from "../../src/host/bundle/unpack.ts";
import { parseReport } from "../support/report-json.ts";
import { REPOSITORY, runMvdoctor } from "../support/run-node.ts";

const SHIPPED = join(REPOSITORY, "fixtures/incidents/secret-never-loaded/evidence.mvb");
const NOW = ["--now", "2025-09-27 01:52:00"];
const HOST = "britton-desktop";

let scratch = "";
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "mvdoctor-redact-"));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o777;

describe("redact", () => {
  it("writes the bundle under other names, and the map to a file of its own", async () => {
    const file = join(scratch, "other.mvb");
    expect(runMvdoctor(["redact", SHIPPED, "--output-file", file])).toMatchObject({ status: 0 });
    expect([await modeOf(file), await modeOf(`${file}.names.json`)]).toEqual([0o600, 0o600]);
    expect(await readFile(`${file}.names.json`, "utf8")).toContain(HOST);
    const unpacked = await unpackBundle(await readFile(file));
    expect(JSON.stringify(unpacked)).not.toContain(HOST);
    expect(unpacked).toMatchObject({ manifest: { redacted: ["hosts", "paths", "users"] } });
    const [before, after] = [SHIPPED, file].map((bundle) => {
      const ended = runMvdoctor(["diagnose", "--json", "--bundle", bundle, ...NOW]);
      const { vms, complete } = parseReport(ended.stdout);
      return {
        status: ended.status,
        complete,
        vms: vms.map(({ vm, rootCauses }) => [vm, rootCauses]),
      };
    });
    expect(after).toEqual(before);
  });

  it("goes on with a map that is there, and refuses a file that is none", async () => {
    const map = join(scratch, "names.json");
    const again = (name: string) =>
      runMvdoctor(["redact", SHIPPED, "--output-file", join(scratch, name), "--redact-map", map]);
    again("first.mvb");
    const names = await readFile(map, "utf8");
    again("second.mvb");
    expect(await readFile(map, "utf8")).toBe(names);
    await writeFile(map, "hello");
    expect(again("third.mvb")).toMatchObject({ status: 2 });
    expect(await readFile(map, "utf8")).toBe("hello");
  });

  it("refuses what is no kind of name", () => {
    const ended = runMvdoctor(["redact", SHIPPED, "--redact", "hosts,pets"]);
    expect(ended.status).toBe(2);
    expect(ended.stderr).toContain('not "pets"');
  });
});

describe("a report with --redact", () => {
  it("says nothing of the real names, and keeps the map where it is told", async () => {
    const map = join(scratch, "report-names.json");
    const args = ["--bundle", SHIPPED, "--redact", "hosts", ...NOW];
    for (const command of ["diagnose", "list"]) {
      const { stdout } = runMvdoctor([command, ...args, "--json", "--redact-map", map]);
      expect(stdout).toContain("host-001");
      expect(stdout).not.toContain(HOST);
    }
    expect(await readFile(map, "utf8")).toContain(HOST);
    expect(await modeOf(map)).toBe(0o600);
  });
});
