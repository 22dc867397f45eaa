import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { packTar, unpackTar, type TarEntry } from "modern-tar";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unpackBundle } from "../../src/host/bundle/unpack.ts";
import { REPOSITORY, runMvdoctor } from "../support/run-node.ts";

const SHIPPED = join(REPOSITORY, "fixtures/incidents/secret-never-loaded/evidence.mvb");

let scratch = "";
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "mvdoctor-hostile-"));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

type Members = Map<string, Uint8Array>;

const packed = async (entries: readonly TarEntry[]): Promise<Buffer> =>
  gzipSync(await packTar(entries));

const file = (name: string, body: Uint8Array): TarEntry => ({
  header: { name, size: body.length },
  body,
});

/** The shipped bundle with its members changed, and further entries behind them. */
const changed = async (
  change: (members: Members) => void,
  ...more: readonly TarEntry[]
): Promise<Buffer> => {
  const entries = await unpackTar(gunzipSync(await readFile(SHIPPED)));
  const members: Members = new Map(
    entries.map(({ header, data }) => [header.name, data ?? new Uint8Array()]),
  );
  change(members);
  return packed([...[...members].map(([name, body]) => file(name, body)), ...more]);
};

const inManifest = (from: string, to: string) => (members: Members) => {
  const text = Buffer.from(members.get("manifest.json") ?? "").toString("utf8");
  expect(text).toContain(from);
  members.set("manifest.json", Buffer.from(text.replace(from, to)));
};

const nothing = (): void => undefined;

const DAMAGES: readonly (readonly [string, () => Promise<Buffer>, string])[] = [
  [
    "cut off",
    async () => (await readFile(SHIPPED)).subarray(0, 20_000),
    "its compression is broken",
  ],
  ["no archive", async () => Buffer.from("hello"), "no bundle"],
  ["empty", async () => Buffer.alloc(0), "no bundle"],
  ["gzipped and no archive", async () => gzipSync("hello".repeat(1000)), "no tar archive"],
  [
    "cut off inside of the archive",
    async () => gzipSync(gunzipSync(await readFile(SHIPPED)).subarray(0, 60_000)),
    "",
  ],
  ["without a manifest", () => changed((all) => void all.delete("manifest.json")), "manifest"],
  [
    "of a later version",
    () => changed(inManifest('"version": 1,', '"version": 99,')),
    "mvdoctor-bundle 99",
  ],
  [
    "of another schema",
    () => changed(inManifest('"mvdoctor-bundle"', '"something-else"')),
    "something-else",
  ],
  [
    "with a path that leads out",
    () => changed(nothing, file("../../etc/cron.d/x", Buffer.from("x"))),
    "which no bundle does",
  ],
  [
    "with an absolute path",
    () => changed(nothing, file("/etc/passwd", Buffer.from("x"))),
    "which no bundle does",
  ],
  [
    "with a symlink",
    () =>
      changed(nothing, {
        header: { name: "hosts/1/text/999", size: 0, type: "symlink", linkname: "/etc/shadow" },
      }),
    "a symlink, which no bundle does",
  ],
  [
    "with a hard link",
    () =>
      changed(nothing, {
        header: { name: "hosts/1/text/999", size: 0, type: "link", linkname: "/etc/shadow" },
      }),
    "a link, which no bundle does",
  ],
  [
    "with a member twice",
    () => changed(nothing, file("hosts/1/text/1", Buffer.from("x"))),
    "twice",
  ],
  [
    "with a member that its manifest does not name",
    () => changed(nothing, file("hosts/1/text/99999", Buffer.from("x"))),
    "does not name",
  ],
  [
    "without a member",
    () => changed((all) => void all.delete("hosts/1/journal/3")),
    "hosts/1/journal/3 is missing",
  ],
  [
    "with a changed member",
    () => changed((all) => void all.set("hosts/1/text/2", Buffer.from("another-host\n"))),
    "it was changed",
  ],
  [
    "with a manifest that names an odd member",
    () => changed(inManifest('"hosts/1/files.json"', '"../files.json"')),
    "its manifest is wrong at",
  ],
  ["that swells", async () => gzipSync(Buffer.alloc(80 * 1024 * 1024)), "it swells to more than"],
];

describe("a file that is no bundle as collect writes it", () => {
  it.each(DAMAGES)("%s is refused with one line and status 5", async (name, damaged, words) => {
    const directory = await mkdtemp(join(scratch, "case-"));
    const path = join(directory, "x.mvb");
    await writeFile(path, await damaged());
    const { status, stdout, stderr } = runMvdoctor(["diagnose", "--bundle", path], {
      cwd: directory,
    });
    expect({ name, status, stdout }).toEqual({ name, status: 5, stdout: "" });
    expect(stderr.split("\n")[0]).toMatch(/^mvdoctor: .*x\.mvb cannot be used: /u);
    expect(stderr).toContain(words);
    expect(await readdir(directory)).toEqual(["x.mvb"]);
  });

  it("is refused with an object where JSON is asked for", async () => {
    const { status, stdout } = runMvdoctor(["list", "--json", "--bundle", join(scratch, "none")]);
    expect(status).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "bad-bundle" } });
  });

  it("is refused where it is larger than what is taken", async () => {
    const limits = { bytes: 10_000, members: 100_000, swelling: 200 };
    const found = await unpackBundle(await readFile(SHIPPED), limits);
    expect(found).toMatchObject({ status: "damaged" });
    const few = { bytes: 1e9, members: 3, swelling: 200 };
    expect(await unpackBundle(await readFile(SHIPPED), few)).toMatchObject({ status: "damaged" });
  });
});

describe("the shipped bundle", () => {
  it("needs neither journalctl nor nix", () => {
    const { status, stdout } = runMvdoctor(
      ["diagnose", "test-vm", "--bundle", SHIPPED, "--now", "2025-09-27 01:52:00"],
      { env: { PATH: "/nonexistent" } },
    );
    expect(status).toBe(1);
    expect(stdout).toContain("runner/no-secret-path");
    expect(stdout).not.toContain("Gap");
  });
});
