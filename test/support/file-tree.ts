import { once } from "node:events";
import {
  chmodSync,
  lchownSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";

import { execa } from "execa";

export type Content =
  | { readonly kind: "directory" }
  | { readonly kind: "file"; readonly bytes: Buffer }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "socket" };

/** One path of the tree; `mtime` in microseconds, `acl` in setfacl's short form (`u:986:r`). */
export interface TreeNode {
  readonly path: string;
  readonly content: Content;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly acl?: readonly string[];
}

/** The nodes and every directory that leads to one, parents first; a later node wins over an earlier one of its path. */
export const withParents = (nodes: readonly TreeNode[], mtime: number): readonly TreeNode[] => {
  const byPath = new Map<string, TreeNode>();
  for (const node of nodes) byPath.set(node.path, node);
  for (const { path } of nodes) {
    for (
      let parent = dirname(path);
      parent !== "/" && !byPath.has(parent);
      parent = dirname(parent)
    ) {
      byPath.set(parent, {
        path: parent,
        content: { kind: "directory" },
        mode: 0o755,
        uid: 0,
        gid: 0,
        mtime,
      });
    }
  }
  return [...byPath.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
};

/** Makes the nodes under `dir`, not one by one with a wait for each, which takes ten times as long; owners, modes and times come with {@link stampTree}. */
export const createTree = async (nodes: readonly TreeNode[], dir: string): Promise<void> => {
  for (const { path, content } of nodes) {
    const place = join(dir, path);
    if (content.kind === "directory") mkdirSync(place, { recursive: true });
    else if (content.kind === "link") symlinkSync(content.target, place);
    else if (content.kind === "socket") await makeSocket(place);
    else writeFileSync(place, content.bytes);
  }
};

/** A socket that nobody listens on. Node removes the one that it made when it closes it, so this one is renamed before. */
const makeSocket = async (place: string): Promise<void> => {
  const server = createServer().listen(`${place}~`);
  await once(server, "listening");
  renameSync(`${place}~`, place);
  server.close();
};

/** Gives the nodes their owners, modes and times, children first: whatever makes a child moves its parent's mtime. */
export const stampTree = async (nodes: readonly TreeNode[], dir: string): Promise<void> => {
  for (const node of nodes.toReversed()) {
    const place = join(dir, node.path);
    lchownSync(place, node.uid, node.gid);
    if (node.content.kind !== "link") chmodSync(place, node.mode);
    if (node.acl !== undefined) await execa("setfacl", ["--modify", node.acl.join(","), place]);
    const time = seconds(node.mtime);
    lutimesSync(place, time, time);
  }
};

/** Half a microsecond more, as libuv cuts a double down to nanoseconds and would land one microsecond too early. */
const seconds = (micros: number): number =>
  (micros % 1_000_000 === 0 ? micros : micros + 0.5) / 1_000_000;
