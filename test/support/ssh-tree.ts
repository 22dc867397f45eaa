import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startSshServer, type SshServer } from "./ssh-server.ts";

const DIRECTORIES = ["usr", "dev", "sys"];
const LINKS = ["bin", "sbin", "lib", "lib64"];

/** An sshd whose sessions see a tree as `/`, with the programs of this machine. What that takes stays in the tree, however one looks. */
export const serveTree = async (
  tree: string,
  under: readonly string[] = [],
): Promise<SshServer> => {
  for (const name of DIRECTORIES) await mkdir(join(tree, name), { recursive: true });
  for (const name of LINKS) await symlink(`usr/${name}`, join(tree, name));
  await writeFile(join(tree, "dev/null"), "");
  return startSshServer({
    under,
    settings: [`ForceCommand exec chroot ${tree} /bin/sh -c "$SSH_ORIGINAL_COMMAND"`],
    // Namespaces within need a root that is a mount.
    setUp: `mount --bind ${tree} ${tree}; mount --bind /usr ${tree}/usr; mount --bind /dev/null ${tree}/dev/null`,
  });
};
