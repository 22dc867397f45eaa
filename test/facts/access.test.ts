import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectSecretFiles } from "../../src/collectors/secret-files.ts";
import { accessTo, type Reader } from "../../src/facts/access.ts";
import { openHost } from "../../src/host/open-host.ts";
import { hostPath } from "../../src/vocabulary.ts";
import { requireRoot, requireTools } from "../support/requirements.ts";

const canAsk = requireTools("setfacl", "getfacl", "setpriv") && requireRoot();

const IDS = [60_001, 60_002, 60_003] as const;
const TREES = 160;

const readers: readonly Reader[] = [
  { name: "a", uid: IDS[0], gid: IDS[0], groups: new Set([IDS[0]]) },
  { name: "b", uid: IDS[1], gid: IDS[2], groups: new Set([IDS[2], IDS[0]]) },
  { name: "root", uid: 0, gid: 0, groups: new Set([0]) },
];

const owned = fc.record({
  mode: fc.integer({ min: 0, max: 0o777 }),
  uid: fc.constantFrom(0, ...IDS),
  gid: fc.constantFrom(0, ...IDS),
  acl: fc.array(
    fc.record({
      kind: fc.constantFrom("u", "g", "m"),
      id: fc.constantFrom(...IDS),
      bits: fc.constantFrom("---", "r--", "--x", "r-x", "rwx", "-w-"),
    }),
    { maxLength: 3 },
  ),
});
const tree = fc.record({ outer: owned, inner: owned, file: owned });

describe.skipIf(!canAsk)("the model of the kernel's check", () => {
  let scratch = "";
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "mvdoctor-access-"));
    await chmod(scratch, 0o755);
  });
  afterAll(async () => {
    await rm(scratch, { recursive: true, force: true });
  });

  it("agrees with open(2) for random modes, owners, ACLs and identities", async () => {
    const files: string[] = [];
    for (const [index, { outer, inner, file }] of fc
      .sample(tree, { numRuns: TREES, seed: 7 })
      .entries()) {
      const directory = join(scratch, String(index));
      const path = join(directory, "inner", "file");
      await mkdir(join(directory, "inner"), { recursive: true });
      await writeFile(path, "x");
      // Inside out: a directory that nobody may pass stops nobody who is root, but order keeps the steps alike.
      for (const [one, { mode, uid, gid, acl }] of [
        [path, file],
        [join(directory, "inner"), inner],
        [directory, outer],
      ] as const) {
        await chown(one, uid, gid);
        await chmod(one, mode);
        const entries = acl.map(({ kind, id, bits }) =>
          kind === "m" ? `m::${bits}` : `${kind}:${id}:${bits}`,
        );
        if (entries.length > 0)
          await execa("setfacl", ["-m", [...new Set(entries)].join(","), one], { reject: false });
      }
      files.push(path);
    }
    const found = await collectSecretFiles(openHost("/"), files.map(hostPath));
    if (found.status !== "collected") throw new Error(found.detail);
    expect([...found.value.walks.values()].some(({ file }) => file?.acl !== undefined)).toBe(true);

    const outcomes = new Set<string>();
    for (const reader of readers) {
      const { stdout } = await execa("setpriv", [
        `--reuid=${reader.uid}`,
        `--regid=${reader.gid}`,
        `--groups=${[...reader.groups].join(",")}`,
        "sh",
        "-c",
        'for f; do if ( : < "$f" ) 2>/dev/null; then echo allowed; else echo denied; fi; done',
        "sh",
        ...files,
      ]);
      const kernel = stdout.split("\n");
      for (const [index, file] of files.entries()) {
        const walk = found.value.walks.get(hostPath(file));
        if (walk === undefined) throw new Error(`${file} was not walked`);
        const predicted = accessTo(walk, reader).status;
        expect(`${file} ${reader.name} ${predicted}`).toBe(
          `${file} ${reader.name} ${kernel[index]}`,
        );
        outcomes.add(`${reader.name} ${predicted}`);
      }
    }
    expect(outcomes).toContain("a allowed");
    expect(outcomes).toContain("a denied");
    expect(outcomes).toContain("b allowed");
  });
});
