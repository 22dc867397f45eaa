import { createHash } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { execa } from "execa";

import type { TreeNode } from "./file-tree.ts";
import { type NarNode, narOf } from "./nar.ts";
import type { StoreObject } from "./store-plan.ts";

/** Every file of a Nix store was last changed one second after 1970 began. */
const STORE_MTIME = 1_000_000;

/** Directories that Nix makes where they lack, and would make with the time of the build. */
const STATE_DIRECTORIES = [
  "/nix/store/.links",
  "/nix/var/nix/db",
  "/nix/var/nix/gcroots/auto",
  "/nix/var/nix/gcroots/per-user/root",
  "/nix/var/nix/profiles/per-user/root",
  "/nix/var/nix/temproots",
];

export const nixStateNodes = (mtime: number): readonly TreeNode[] =>
  STATE_DIRECTORIES.map((path) => ({
    path,
    content: { kind: "directory" },
    mode: 0o755,
    uid: 0,
    gid: 0,
    mtime,
  }));

export const storeNodes = (objects: readonly StoreObject[]): readonly TreeNode[] =>
  objects.flatMap(({ path, root }) => nodesOf(path, root));

const nodesOf = (path: string, node: NarNode): TreeNode[] => {
  const shared = { path, uid: 0, gid: 0, mtime: STORE_MTIME };
  if (node.kind === "link") return [{ ...shared, content: node, mode: 0o777 }];
  if (node.kind === "file")
    return [
      {
        ...shared,
        content: { kind: "file", bytes: node.bytes },
        mode: node.executable ? 0o555 : 0o444,
      },
    ];
  return [
    { ...shared, content: { kind: "directory" }, mode: 0o555 },
    ...[...node.entries].flatMap(([name, child]) => nodesOf(`${path}/${name}`, child)),
  ];
};

/** Makes the Nix database under `dir` with the real hashes and sizes of the objects. */
export const loadNixDatabase = async (
  objects: readonly StoreObject[],
  dir: string,
  clock: (time: string) => number,
): Promise<void> => {
  await execa("nix-store", ["--store", dir, "--option", "build-users-group", "", "--load-db"], {
    input: objects.map(registration).join(""),
  });
  setRegistrationTimes(objects, dir, clock);
};

/** One object as `nix-store --dump-db` writes it. */
const registration = ({ path, root, references, deriver }: StoreObject): string => {
  const nar = narOf(root);
  const hash = createHash("sha256").update(nar).digest("hex");
  return [path, hash, nar.length, deriver ?? "", references.length, ...references]
    .map((line) => `${line}\n`)
    .join("");
};

/** `--load-db` says that everything came just now, and no option of Nix says otherwise. */
const setRegistrationTimes = (
  objects: readonly StoreObject[],
  dir: string,
  clock: (time: string) => number,
): void => {
  const database = new DatabaseSync(join(dir, "nix/var/nix/db/db.sqlite"));
  const update = database.prepare("UPDATE ValidPaths SET registrationTime = ? WHERE path = ?");
  for (const { path, registered } of objects)
    update.run(Math.floor(clock(registered) / 1_000_000), path);
  database.close();
};
