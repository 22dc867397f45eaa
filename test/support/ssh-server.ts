import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

/** A real sshd on the loopback, with keys, accounts and a mount namespace of its own. Needs root. */
export interface SshServer {
  /** Arguments for ssh(1) that lead any destination there. */
  readonly options: readonly string[];
  /** A directory that every account of the server may read. */
  readonly directory: string;
  readonly port: number;
  /** The processes of the connections that are open. */
  sessions(): Promise<readonly number[]>;
  stop(): Promise<void>;
}

interface SshServerOptions {
  /** Lines of sshd_config(5), of which `DIRECTORY` is the server's own. */
  readonly settings?: readonly string[];
  /** Lines of shell for the mount namespace, before sshd starts. */
  readonly setUp?: string;
  /** Files of the server's directory. */
  readonly files?: Readonly<Record<string, string>>;
  /** The client knows another key than the server has. */
  readonly knownKey?: "other" | "none";
  /** What sshd runs under, such as strace. */
  readonly under?: readonly string[];
}

/** An account without rights; it may use sudo as far as the server's own `sudoers` lets it. */
export const VISITOR = "visitor";
const ACCOUNTS = `
set -e
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir /run/sshd
for file in passwd shadow; do cp --preserve=mode,ownership "/etc/$file" "$1/$file"; done
echo '${VISITOR}:*:65533:65533::/nonexistent:/bin/sh' >> "$1/passwd"
echo '${VISITOR}:*:19000:0:99999:7:::' >> "$1/shadow"
for file in passwd shadow; do mount --bind "$1/$file" "/etc/$file"; done
`;

export const startSshServer = async ({
  settings = [],
  setUp = "",
  files = {},
  knownKey,
  under = [],
}: SshServerOptions = {}): Promise<SshServer> => {
  const directory = await mkdtemp(join(tmpdir(), "mvdoctor-ssh-"));
  await chmod(directory, 0o755);
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const keys = ["host-key", "other-key", "user-key"];
  for (const name of keys)
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(directory, name)]);
  const port = await freePort();
  const publicKey = (name: string) => readFile(join(directory, `${name}.pub`), "utf8");
  await writeFile(join(directory, "authorized_keys"), await publicKey("user-key"));
  await writeFile(
    join(directory, "known_hosts"),
    knownKey === "none"
      ? ""
      : `[127.0.0.1]:${port} ${await publicKey(knownKey === "other" ? "other-key" : "host-key")}`,
  );
  await writeFile(join(directory, "sshd_config"), serverConfig(directory, port, settings));
  await writeFile(join(directory, "ssh_config"), clientConfig(directory, port));

  const sshd = execa(
    "unshare",
    [
      "--mount",
      "--propagation",
      "private",
      "sh",
      "-c",
      `${ACCOUNTS}${setUp.replaceAll("DIRECTORY", directory)}\nshift; exec "$@"`,
      "sh",
      directory,
      ...under.map((word) => word.replaceAll("DIRECTORY", directory)),
      "/usr/sbin/sshd",
      "-D",
      "-e",
      "-f",
      join(directory, "sshd_config"),
    ],
    { reject: false, buffer: false, stdin: "ignore", stdout: "ignore", stderr: "pipe" },
  );
  const log: string[] = [];
  await new Promise<void>((resolve, reject) => {
    sshd.stderr.on("data", (bytes: Buffer) => {
      log.push(bytes.toString());
      if (log.join("").includes("Server listening")) resolve();
    });
    sshd.stderr.on("close", () => {
      reject(new Error(`sshd did not start: ${log.join("")}`));
    });
  });
  return {
    options: ["-F", join(directory, "ssh_config")],
    directory,
    port,
    async sessions() {
      const { stdout } = await execa("pgrep", ["-P", String(sshd.pid)], { reject: false });
      return stdout.split("\n").filter(Boolean).map(Number);
    },
    async stop() {
      sshd.kill();
      await sshd;
      await rm(directory, { recursive: true, force: true });
    },
  };
};

const serverConfig = (directory: string, port: number, settings: readonly string[]): string =>
  [
    ...settings.map((line) => line.replaceAll("DIRECTORY", directory)),
    "ListenAddress 127.0.0.1",
    `Port ${port}`,
    `HostKey ${directory}/host-key`,
    `AuthorizedKeysFile ${directory}/authorized_keys`,
    "StrictModes no",
    "UsePAM no",
    "PidFile none",
    "PermitRootLogin yes",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "",
  ].join("\n");

const clientConfig = (directory: string, port: number): string =>
  [
    "Host *",
    "HostName 127.0.0.1",
    `Port ${port}`,
    `IdentityFile ${directory}/user-key`,
    "IdentitiesOnly yes",
    "IdentityAgent none",
    `UserKnownHostsFile ${directory}/known_hosts`,
    "GlobalKnownHostsFile /dev/null",
    "",
  ].join("\n");

/** A port of the loopback that nobody listens on. */
export const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
};
