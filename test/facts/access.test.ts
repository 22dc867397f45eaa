import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectSecretFiles } from "../../src/collectors/secret-files.ts";
import type { PathWalk, SecretFiles } from "../../src/evidence/secret-files.ts";
import { accessTo, READ_CAPABILITIES, type Reader } from "../../src/facts/access.ts";
import { openHost } from "../../src/host/open-host.ts";
import { hostPath } from "../../src/vocabulary.ts";
import { kernelAnswers, type KernelAnswer } from "../support/kernel-answers.ts";
import { requireRoot, requireTools } from "../support/requirements.ts";

const canAsk = requireTools("setfacl", "getfacl", "setpriv", "unshare") && requireRoot();

const IDS = [60_001, 60_002, 60_003] as const;
const [A, B, C] = IDS;
const TREES = 1200;
/** Paths that go to the collector at once, so that getfacl's arguments stay below the kernel's limit. */
const AT_ONCE = 800;

const reader = (
  name: string,
  uid: number,
  groups: readonly [number, ...number[]],
  more: Partial<Reader> = {},
): Reader => ({
  name,
  uid,
  gid: groups[0],
  groups: new Set(groups),
  capabilities: new Set(),
  ...more,
});

/** What PrivateUsers= leaves known: root, and the reader itself. */
const isolated = (uid: number, gid: number): Partial<Reader> => ({
  mapped: { uids: (one) => one === 0 || one === uid, gids: (one) => one === 0 || one === gid },
});

const READERS: readonly Reader[] = [
  reader("a user", A, [A]),
  reader("a user of other groups", B, [C, A]),
  reader("a user of the group root", C, [B, C, 0]),
  reader("a user who may search and read", A, [A], {
    capabilities: new Set(["CAP_DAC_READ_SEARCH"]),
  }),
  reader("a user who may override", B, [B, A], { capabilities: new Set(["CAP_DAC_OVERRIDE"]) }),
  reader("root", 0, [0], { capabilities: new Set(READ_CAPABILITIES) }),
  reader("root without capabilities", 0, [0, B]),
  reader("root who may only search and read", 0, [0], {
    capabilities: new Set(["CAP_DAC_READ_SEARCH"]),
  }),
  reader("a user in a namespace of its own", B, [C, A], isolated(B, C)),
  reader("root in a namespace of its own", 0, [0, A], {
    capabilities: new Set(READ_CAPABILITIES),
    ...isolated(0, 0),
  }),
];

const id = fc.constantFrom(0, ...IDS);
const bits = fc.integer({ min: 0, max: 7 });
/** Mostly passable, so that the walk gets far enough for the last component to matter. */
const permissions = fc.oneof(bits, fc.constantFrom(1, 4, 5, 5, 7));
const owned = fc.record({
  special: fc.constantFrom(0, 0, 0o1000, 0o2000),
  user: permissions,
  group: permissions,
  other: permissions,
  uid: id,
  gid: id,
  acl: fc.option(
    fc.record({
      users: fc.dictionary(fc.constantFrom(...IDS.map(String)), permissions, { maxKeys: 2 }),
      groups: fc.dictionary(fc.constantFrom("0", ...IDS.map(String)), permissions, { maxKeys: 2 }),
      mask: permissions,
    }),
  ),
});
type Owned = typeof owned extends fc.Arbitrary<infer T> ? T : never;
const tree = fc.record({
  top: owned,
  outer: owned,
  inner: owned,
  file: owned,
  side: owned,
  linkOwner: fc.tuple(id, id),
});

const MODES = ["---", "--x", "-w-", "-wx", "r--", "r-x", "rw-", "rwx"] as const;
const letters = (permission: number): string => MODES[permission] ?? "---";

/** One block of setfacl --restore; a list with named entries has a mask (acl(5)). */
const accessList = (path: string, { user, group, other, acl }: Owned): readonly string[] =>
  acl === null
    ? []
    : [
        `# file: ${path}`,
        `user::${letters(user)}`,
        ...Object.entries(acl.users).map(
          ([uid, permission]) => `user:${uid}:${letters(permission)}`,
        ),
        `group::${letters(group)}`,
        ...Object.entries(acl.groups).map(
          ([gid, permission]) => `group:${gid}:${letters(permission)}`,
        ),
        `mask::${letters(acl.mask)}`,
        `other::${letters(other)}`,
        "",
      ];

describe.skipIf(!canAsk)("the model of the kernel's check", () => {
  let scratch = "";
  const paths: string[] = [];
  const walks = new Map<string, PathWalk>();
  let kernel: Pick<SecretFiles, "protectedSymlinks"> = {};

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "mvdoctor-access-"));
    await chmod(scratch, 0o755);
    const lists: string[] = [];
    for (const [index, one] of fc.sample(tree, { numRuns: TREES, seed: 7 }).entries()) {
      const top = join(scratch, String(index));
      const [outer, side] = [join(top, "outer"), join(top, "side")];
      const inner = join(outer, "inner");
      const file = join(inner, "file");
      mkdirSync(inner, { recursive: true });
      mkdirSync(side);
      writeFileSync(file, "x");
      for (const [name, target] of [
        ["relative", "../outer/inner/file"],
        ["absolute", file],
        ["directory", "../outer"],
        ["chain", "relative"],
        ["through", "directory/inner/file"],
      ] as const) {
        symlinkSync(target, join(side, name));
        lchownSync(join(side, name), ...one.linkOwner);
      }
      for (const [path, stat] of [
        [file, one.file],
        [inner, one.inner],
        [outer, one.outer],
        [side, one.side],
        [top, one.top],
      ] as const) {
        chownSync(path, stat.uid, stat.gid);
        chmodSync(path, stat.special | (stat.user << 6) | (stat.group << 3) | stat.other);
        lists.push(...accessList(path, stat));
      }
      paths.push(
        file,
        ...["relative", "absolute", "directory/inner/file", "chain", "through"].map((name) =>
          join(side, name),
        ),
      );
    }
    await execa("setfacl", ["--restore=-"], { input: lists.join("\n") });
    for (let from = 0; from < paths.length; from += AT_ONCE) {
      const found = await collectSecretFiles(
        openHost("/"),
        paths.slice(from, from + AT_ONCE).map(hostPath),
      );
      if (found.status !== "collected") throw new Error(found.detail);
      for (const walk of found.value.walks.values()) walks.set(walk.path, walk);
      kernel = found.value;
    }
  }, 60_000);
  afterAll(async () => {
    await rm(scratch, { recursive: true, force: true });
  });

  it("has thousands of paths to answer for, with access lists among them", () => {
    expect(walks.size).toBe(TREES * 6);
    const withList = [...walks.values()].filter(({ file }) => file?.acl !== undefined);
    expect(withList.length).toBeGreaterThan(TREES);
  });

  it.each(READERS.map((one) => [one.name, one] as const))(
    "agrees with open(2) for %s",
    async (_, one) => {
      const answers = await kernelAnswers(one, paths);
      const outcomes = new Set<KernelAnswer>();
      const disagreements = paths.flatMap((path, index) => {
        const walk = walks.get(path);
        if (walk === undefined) throw new Error(`${path} was not walked`);
        const access = accessTo(walk, one, kernel);
        const predicted =
          access.status !== "denied" ? access.status : access.need === "read" ? "read" : "way";
        if (predicted !== "unknown") outcomes.add(predicted);
        return predicted === answers[index] ? [] : [`${path}: ${predicted}, not ${answers[index]}`];
      });
      expect(disagreements).toEqual([]);
      // What capabilities pass by, fs.protected_symlinks may still stop.
      const isCapable = one.capabilities.size > 0 && one.mapped === undefined;
      const wanted: readonly KernelAnswer[] = isCapable ? ["allowed"] : ["allowed", "read", "way"];
      for (const answer of wanted) expect(outcomes).toContain(answer);
      expect(outcomes.has("read")).toBe(!isCapable);
    },
  );
});
