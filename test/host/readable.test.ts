import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { lstat, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileTree } from "../../src/host/file-tree.ts";
import { localFiles } from "../../src/host/local-files.ts";
import { hostPath } from "../../src/vocabulary.ts";

const SECRET = "CANARY";
const HASH = "0123456789abcdfghijklmnpqrsvwxyz";

/** Where secrets lie: by convention, and where a configuration put them (`LoadCredential=`, `age.keyFile`, `identityPaths`). */
const SECRETS = [
  "/run/secrets.d/1/web/api-token",
  "/run/secrets.d/1/web/flake",
  "/run/agenix.d/1/web",
  "/run/credentials/microvm@web.service/api-token",
  "/etc/credstore/api-token",
  "/etc/ssh/ssh_host_ed25519_key",
  "/root/.ssh/id_ed25519",
  "/home/alice/.config/sops/age/keys.txt",
  "/home/alice/vm/flake",
  "/var/lib/sops-nix/key.txt",
  "/var/lib/systemd/credential.secret",
  "/persist/etc/ssh/ssh_host_ed25519_key",
  "/persist/secrets/web/flake",
  "/srv/keys/web/flake",
  "/tank/vault/a.service",
  "/opt/app/b.conf",
];

/** Places that would be read if they were what they are called. */
const PUBLIC = [
  "/etc/systemd/system/a.service",
  "/etc/systemd/system/a.service.d/b.conf",
  "/run/systemd/transient/c.service",
  "/usr/lib/tmpfiles.d/d.conf",
  "/etc/passwd",
  "/etc/hostname",
  "/var/lib/microvms/web/flake",
  "/tank/microvms/vault/flake",
  `/nix/store/${HASH}-microvm-web-microvm-run`,
  `/nix/store/${HASH}-unit-a.service/a.service`,
];
const MODES = [0o400, 0o440, 0o600, 0o640, 0o444, 0o644];

/** What lies at a public place: a file of its own, a way to a secret, or the secret itself under a second name. */
type Laid = {
  readonly at: string;
  readonly as: "file" | "absolute" | "relative" | "chain" | "directory" | "hard-link";
  readonly secret: string;
};
const laid: fc.Arbitrary<Laid> = fc.record({
  at: fc.constantFrom(...PUBLIC),
  as: fc.constantFrom("file", "absolute", "relative", "chain", "directory", "hard-link"),
  secret: fc.constantFrom(...SECRETS),
});

const write = (root: string, path: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  chmodSync(join(root, path), mode);
};

const lay = (root: string, { at, as, secret }: Laid): void => {
  const name = join(root, at);
  mkdirSync(dirname(name), { recursive: true });
  const up = "../".repeat(at.split("/").length - 2);
  switch (as) {
    case "file":
      writeFileSync(name, "[Service]\n");
      return;
    case "absolute":
      symlinkSync(secret, name);
      return;
    case "relative":
      symlinkSync(`${up}../..${secret}`, name);
      return;
    case "chain":
      mkdirSync(join(root, "links"), { recursive: true });
      symlinkSync(`/links/..//links/b/../.${secret}`.replace("/b/..", ""), name);
      return;
    case "directory":
      rmSync(dirname(name), { recursive: true, force: true });
      symlinkSync(dirname(secret), dirname(name));
      return;
    case "hard-link":
      linkSync(join(root, secret), name);
  }
};

/** Nothing is laid through a link of the tree, which leads out of it for the kernel; the deepest directory gives way first. */
const directoriesLast = (one: Laid, other: Laid): number =>
  Number(one.as === "directory") - Number(other.as === "directory") ||
  other.at.length - one.at.length;

/** A path as somebody writes it who wants to get round a check of its text. */
const written = fc
  .tuple(
    fc.constantFrom(...PUBLIC, ...SECRETS),
    fc.constantFrom("", "/.", "//", "/etc/../", "/../..", "/run/.././"),
    fc.boolean(),
  )
  .map(([path, before, doubled]) => `${before}${doubled ? path.replaceAll("/", "//") : path}`);

let scratch = "";
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "mvdoctor-readable-"));
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

/** The text of a path below `root` as collectors get it, and what was opened for it. */
const read = async (root: string, path: string) => {
  const files = localFiles(root);
  const opened: string[] = [];
  const tree = fileTree({
    ...files,
    read: (real, size) => {
      opened.push(real);
      return files.read(real, size);
    },
  });
  return { text: await tree.readText(hostPath(path)), opened };
};

describe("below a secret root", () => {
  it("nothing is opened, whatever leads there", async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(laid, { minLength: 1, maxLength: 4, selector: ({ at }) => dirname(at) }),
        fc.constantFrom(...MODES),
        fc.array(written, { minLength: 1, maxLength: 4 }),
        async (ways, mode, paths) => {
          count += 1;
          const root = join(scratch, String(count));
          for (const secret of SECRETS) write(root, secret, SECRET, mode);
          const inodes = new Set<number>();
          for (const secret of SECRETS) inodes.add((await lstat(join(root, secret))).ino);
          // A store whose files are all linked is one that was optimised: there only the mode tells a secret.
          for (const way of ways.toSorted(directoriesLast))
            if (!(way.as === "hard-link" && way.at.startsWith("/nix") && (mode & 0o004) !== 0))
              lay(root, way);
          for (const path of [...paths, ...ways.map(({ at }) => at)]) {
            const { text, opened } = await read(root, path);
            expect(JSON.stringify(text)).not.toContain(SECRET);
            for (const one of opened)
              expect(inodes.has((await lstat(join(root, one))).ino)).toBe(false);
          }
          rmSync(root, { recursive: true });
        },
      ),
      { numRuns: 50 },
    );
  });

  it("nothing is read where the way is exchanged after it was looked at", async () => {
    const root = await realpath(mkdtempSync(join(scratch, "exchanged-")));
    write(root, "/tank/vault/a.service", SECRET);
    mkdirSync(join(root, "etc/systemd"), { recursive: true });
    symlinkSync("/tank/vault", join(root, "etc/systemd/system"));
    symlinkSync("../../tank/vault", join(root, "etc/systemd/user"));
    for (const path of ["/etc/systemd/system/a.service", "/etc/systemd/user/a.service"]) {
      const found = await localFiles(root).read(hostPath(path), 100);
      expect(JSON.stringify(found)).not.toContain(SECRET);
    }
  });
});

describe("a file of a public kind", () => {
  it.each(PUBLIC)("is read where it is what it is called: %s", async (path) => {
    const root = mkdtempSync(join(scratch, "public-"));
    write(root, path, "[Service]\n");
    expect((await read(root, path)).text).toEqual({ status: "present", value: "[Service]\n" });
  });

  it.each([
    ["not everyone may read it", "/etc/systemd/system/a.service", 0o640],
    ["not everyone may read it", `/nix/store/${HASH}-x/run`, 0o440],
    ["not everyone may read it", "/var/lib/microvms/web/flake", 0o600],
    ["its name is that of a key", `/nix/store/${HASH}-wg0.key`, 0o444],
    ["its name is that of a key", `/nix/store/${HASH}-id_ed25519`, 0o444],
    ["its name is that of a key", `/nix/store/${HASH}-x/etc/tls.pem`, 0o444],
    ["its name is that of a key", `/nix/store/${HASH}-web.env`, 0o444],
    ["files of this kind are never opened", "/tank/keys/web/flake", 0o644],
    ["files of this kind are never opened", "/persist/my-secrets/web/flake", 0o644],
    ["files of this kind are never opened", "/tank/.hidden/web/flake", 0o644],
    ["files of this kind are never opened", "/etc/shadow", 0o644],
    ["files of this kind are never opened", "/nix/var/nix/db/db.sqlite", 0o644],
  ])("is not read where %s: %s", async (reason, path, mode) => {
    const root = mkdtempSync(join(scratch, "refused-"));
    write(root, path, SECRET, mode);
    const { text, opened } = await read(root, path);
    expect(text).toEqual({ status: "refused", reason });
    expect(opened).toEqual([]);
  });

  it("is not read where it has a second name", async () => {
    const root = mkdtempSync(join(scratch, "linked-"));
    write(root, "/tank/vault/token", SECRET);
    mkdirSync(join(root, "etc/systemd/system"), { recursive: true });
    linkSync(join(root, "tank/vault/token"), join(root, "etc/systemd/system/a.service"));
    expect((await read(root, "/etc/systemd/system/a.service")).text).toEqual({
      status: "refused",
      reason: "it has a second name, which may be a secret's",
    });
  });
});
