import { execFileSync } from "node:child_process";
import {
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { walkPath } from "../../src/collectors/path-walk.ts";
import { fileTree } from "../../src/host/file-tree.ts";
import { localFiles } from "../../src/host/local-files.ts";
import type { Host } from "../../src/host/host.ts";
import { openHost } from "../../src/host/open-host.ts";
import { hostPath } from "../../src/vocabulary.ts";
import { requireRoot, requireTools } from "../support/requirements.ts";

/** The kernel's word on each path of a root directory: `stat` and `lstat`, by the modification time that tells the files apart. */
const PERL = String.raw`
use Errno;
chroot(shift @ARGV) or die "chroot: $!"; chdir "/";
for my $path (@ARGV) {
  for my $found (sub { stat $_[0] }, sub { lstat $_[0] }) {
    my @stat = $found->($path);
    print @stat ? $stat[9] : $!{ELOOP} ? "loop" : ($!{ENOENT} || $!{ENOTDIR}) ? "absent" : "other: $!", "\n";
  }
}
`;

type Seen = string;
interface Sight {
  readonly followed: Seen;
  readonly itself: Seen;
}

const kernelSees = (root: string, paths: readonly string[]): readonly Sight[] => {
  const words = execFileSync("perl", ["-e", PERL, root, ...paths], { encoding: "utf8" }).split(
    "\n",
  );
  return paths.map((_, index) => ({
    followed: words[2 * index] ?? "",
    itself: words[2 * index + 1] ?? "",
  }));
};

const secondsOf = (mtime: number): Seen => String(mtime / 1_000_000);

interface Program {
  readonly tree: ReturnType<typeof fileTree>;
  readonly host: Host;
}

/** What the program makes of the same path: through the file tree, and step by step. */
const programSees = async (
  { tree, host }: Program,
  path: string,
): Promise<Sight & { walked: Seen }> => {
  const real = await tree.realPath(hostPath(path));
  const end = real.status === "present" ? await tree.lstat(real.value) : real;
  const itself = await tree.lstat(hostPath(path));
  const walk = await walkPath(host, hostPath(path));
  return {
    followed: end.status === "present" ? secondsOf(end.value.mtime) : end.status,
    itself: itself.status === "present" ? secondsOf(itself.value.mtime) : itself.status,
    walked:
      walk.end === "present" && walk.file !== undefined
        ? secondsOf(walk.file.stat.mtime)
        : walk.end,
  };
};

type Entry =
  | { readonly kind: "directory" | "file"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

const name = fc.constantFrom("a", "b", "c");
const step = fc.oneof({ weight: 4, arbitrary: name }, fc.constantFrom(".", ".."));
const steps = fc.array(step, { minLength: 1, maxLength: 5 });
const end = fc.constantFrom("", "", "", "/");
const absolute = fc.tuple(steps, end).map(([parts, slash]) => `/${parts.join("/")}${slash}`);
const target = fc.oneof(
  absolute,
  fc.tuple(steps, end).map(([parts, slash]) => parts.join("/") + slash),
  fc.constantFrom("/", "..", "../../../../../..", "//a"),
);
const place = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const entry: fc.Arbitrary<Entry> = fc.oneof(
  place.map((path) => ({ kind: "directory", path }) as const),
  place.map((path) => ({ kind: "file", path }) as const),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("link" as const), path: place, target }) },
);

/** Everything below a directory. Entries say themselves what they are: `recursive` would follow links out of the root. */
const treeOf = (directory: string): readonly string[] => [
  directory,
  ...readdirSync(directory, { withFileTypes: true }).flatMap((found) => {
    const path = join(directory, found.name);
    return found.isDirectory() ? treeOf(path) : [path];
  }),
];

/** Makes what can be made of the entries; each file of the tree gets a modification time of its own. */
const build = (root: string, entries: readonly Entry[]): void => {
  const made: string[] = [];
  for (const one of entries) {
    const path = join(root, one.path);
    // What stands in the way of an entry, or is a link that leads elsewhere, leaves it out.
    if (made.some((other) => path === other || path.startsWith(`${other}/`))) continue;
    if (made.some((other) => other.startsWith(`${path}/`))) continue;
    mkdirSync(one.kind === "directory" ? path : dirname(path), { recursive: true });
    if (one.kind === "file") writeFileSync(path, "");
    if (one.kind === "link") symlinkSync(one.target, path);
    made.push(path);
  }
  for (const [index, path] of treeOf(root).entries())
    lutimesSync(path, 1_000_000 + index, 1_000_000 + index);
};

describe.skipIf(!(requireTools("perl") && requireRoot()))("links below a root", () => {
  let scratch = "";
  let count = 0;
  const freshRoot = (): string => {
    count += 1;
    const root = join(scratch, String(count), "root");
    mkdirSync(root, { recursive: true });
    // What a resolver would find that leaves the root.
    for (const outside of ["a", "b", "c"]) writeFileSync(join(root, "..", outside), "");
    return root;
  };
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "mvdoctor-links-"));
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true });
  });

  const agree = async (root: string, paths: readonly string[]): Promise<void> => {
    const kernel = kernelSees(root, paths);
    const program: Program = { tree: fileTree(localFiles(root)), host: openHost(root) };
    for (const [index, path] of paths.entries()) {
      const { followed = "", itself = "" } = kernel[index] ?? {};
      expect({ path, ...(await programSees(program, path)) }).toEqual({
        path,
        followed,
        itself,
        walked: followed,
      });
    }
  };

  it("lead where the kernel says after chroot(2), in circles and out of the root too", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 1, maxLength: 14 }),
        fc.array(absolute, { minLength: 30, maxLength: 30 }),
        async (entries, paths) => {
          const root = freshRoot();
          build(root, entries);
          await agree(root, [
            ...new Set([...entries.map(({ path }) => `/${path}`), ...paths, "/"]),
          ]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([39, 40, 41])(
    "a chain of %i is followed as far as the kernel follows it",
    async (length) => {
      const root = freshRoot();
      build(root, [
        { kind: "file", path: "end" },
        ...Array.from({ length }, (_, index) => ({
          kind: "link" as const,
          path: `link-${index + 1}`,
          target: index === 0 ? "end" : `/link-${index}`,
        })),
      ]);
      await agree(root, [`/link-${length}`, `/link-${length}/`, `/link-${length}/..`]);
    },
  );
});
