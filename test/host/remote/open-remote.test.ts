import { execa } from "execa";
import { readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openHost } from "../../../src/host/open-host.ts";
import { openRemote, type RemoteOptions } from "../../../src/host/remote/open-remote.ts";
import { sudoersEntries } from "../../../src/dev/remote-docs.ts";
import type { Host } from "../../../src/host/host.ts";
import { diagnoseHost } from "../../../src/requests/diagnose-hosts.ts";
import { hostPath } from "../../../src/vocabulary.ts";
import { allPages } from "../../support/all-pages.ts";
import { builtTrees, canBuildTrees } from "../../support/built-trees.ts";
import { requireRoot, requireTools } from "../../support/requirements.ts";
import { freePort, startSshServer, VISITOR, type SshServer } from "../../support/ssh-server.ts";
import { serveTree } from "../../support/ssh-tree.ts";

const STORY = "secret-never-loaded";
const VMS = ["test-vm"];
const TIMES = { now: "2025-09-27 01:52:00" };
const canServe = requireTools("ssh", "sshd", "ssh-keygen", "sudo", "unshare") && requireRoot();

/** Opens a host, has it looked at, and closes it again whatever comes of that. */
const onHost = async <T>(
  destination: string,
  options: RemoteOptions,
  look: (host: Host) => Promise<T>,
): Promise<T> => {
  const opened = await openRemote(destination, options);
  if (opened.status !== "opened") throw new Error(opened.why);
  try {
    return await look(opened.host);
  } finally {
    await opened.close();
  }
};

const whyNot = async (destination: string, options: RemoteOptions): Promise<string> => {
  const opened = await openRemote(destination, options);
  if (opened.status === "opened") {
    await opened.close();
    throw new Error("it could be opened");
  }
  return opened.why;
};

describe.skipIf(!canServe || !canBuildTrees)("a host over ssh", () => {
  const tree = builtTrees(STORY);
  let server: SshServer;
  beforeAll(async () => {
    if (!canServe) return;
    server = await serveTree(tree(STORY));
  });
  afterAll(async () => {
    await server.stop();
  });

  const listing = async (): Promise<string> =>
    (
      await execa("find", [
        tree(STORY),
        "-xdev",
        "-printf",
        String.raw`%p %m %U %G %s %T@ %C@ %l\n`,
      ])
    ).stdout;

  /** When each secret of the tree was read last: older than its content before anybody looks, so that the first read moves it. */
  const lastReads = async (): Promise<readonly string[]> => {
    const { stdout } = await execa("find", [
      join(tree(STORY), "run/secrets.d"),
      "-type",
      "f",
      "-printf",
      String.raw`%p %A@\n`,
    ]);
    return stdout.split("\n").toSorted();
  };

  /** The tree, with what a live host alone can say: its journal is its own, and its systemctl tells that no systemd runs. */
  const liveTree = (host: Host): Host => {
    const here = openHost(tree(STORY));
    return {
      ...here,
      kind: "live",
      ownJournal: true,
      run: (command) => (command.program === "systemctl" ? host : here).run(command),
    };
  };

  it("gives the pages of its tree, byte for byte, reads no secret for that and changes nothing", async () => {
    const secrets = (await lastReads()).map((line) => line.slice(0, line.lastIndexOf(" ")));
    await execa("touch", ["-a", "-d", "2001-01-01", ...secrets]);
    const [before, unread] = [await listing(), await lastReads()];
    expect(unread.length).toBeGreaterThan(2);
    const { remote, local } = await onHost(
      "root@somewhere",
      { options: server.options },
      async (host) => ({
        remote: await allPages(host, TIMES, VMS),
        local: await allPages(liveTree(host), TIMES, VMS),
      }),
    );
    expect(await listing()).toBe(before);
    expect(await lastReads()).toEqual(unread);
    expect(remote).toEqual(local);
  });

  it("would show it when somebody reads one", async () => {
    const unread = await lastReads();
    await execa(
      "cat",
      unread.map((line) => line.slice(0, line.lastIndexOf(" "))),
    );
    for (const [index, line] of (await lastReads()).entries()) expect(line).not.toBe(unread[index]);
  });

  it("tells of every path what this machine tells", async () => {
    const odd = join(tree(STORY), "srv/odd names");
    await execa("mkdir", ["-p", join(odd, "dir")]);
    const names = [
      "a\nb",
      "it's",
      'quo"te',
      String.raw`back\n`,
      " space ",
      "\u00E4",
      "*",
      "-n",
      "$(id)",
    ];
    for (const name of names) await writeFile(join(odd, name), "");
    await symlink("a\nb'", join(odd, "link\n"));
    await symlink("loop", join(odd, "loop"));
    const paths = [
      "/",
      "/nowhere",
      "/etc/passwd/below",
      "/run/secrets",

      "/srv/odd names/loop/x",
      ...[...names, "link\n", "dir", "none"].map((name) => `/srv/odd names/${name}`),
      `/${"long".repeat(100)}`,
    ].map(hostPath);
    const answersOf = async (host: Host) => ({
      stats: await Promise.all(paths.map((path) => host.lstat(path))),
      lists: await Promise.all(paths.map((path) => host.list(path))),
      texts: await Promise.all(
        ["/etc/passwd", "/etc/shadow", "/run/secrets/vars", "/etc/machine-id", "/etc/none"].map(
          (path) => host.readText(hostPath(path)),
        ),
      ),
    });
    const remote = await onHost("root@somewhere", { options: server.options }, answersOf);
    const local = await answersOf(openHost(tree(STORY)));
    const known = (answers: typeof local) =>
      JSON.stringify(answers, (key, value: unknown) => (key === "reason" ? "" : value), 1);
    expect(known(remote)).toBe(known(local));
  });

  it("writes nothing on this machine", async () => {
    const files = async () =>
      Promise.all(
        (await readdir(server.directory))

          .toSorted()
          .map(async (name) => [name, await readFile(join(server.directory, name), "utf8")]),
      );
    const before = await files();
    await onHost("root@somewhere", { options: server.options }, (host) => host.list(hostPath("/")));
    expect(await files()).toEqual(before);
  });

  it("says of each answer that the connection was lost, and waits for none", async () => {
    const opened = await openRemote("root@somewhere", { options: server.options });
    if (opened.status !== "opened") throw new Error(opened.why);
    const { host } = opened;
    const stream = host.stream({ program: "journalctl", args: ["--output=json", "--all"] });
    let lines = 0;
    for await (const line of stream.lines) {
      if (line.length > 0) lines += 1;
      if (lines === 1) for (const pid of await server.sessions()) process.kill(pid, "SIGKILL");
    }
    const lost = expect.stringMatching(/^the connection to root@somewhere was lost: \S/u);
    expect(await stream.end).toMatchObject({ failure: "not-possible", stderr: lost });
    expect(await host.lstat(hostPath("/etc"))).toEqual({ status: "refused", reason: lost });
    expect(await host.run({ program: "journalctl", args: ["--list-boots"] })).toMatchObject({
      failure: "not-possible",
      stderr: lost,
    });
    const answer = await diagnoseHost(host, { source: {}, times: TIMES, vms: VMS });
    expect(answer).toMatchObject({ status: "diagnosed", complete: false });
    await opened.close();
  });
});

describe.skipIf(!canServe)("a host that cannot be asked", () => {
  const NOISY = "noisy";
  let server: SshServer;
  beforeAll(async () => {
    if (!canServe) return;
    server = await startSshServer({
      settings: ["Banner DIRECTORY/banner"],
      files: {
        banner: "Authorised use only.\n\u001B[31mYou are watched.\n",
        shell: `#!/bin/sh\nprintf 'Welcome!\\n'; echo 'stty: not a tty' >&2; exec sh "$@"\n`,
        sudoers: `${VISITOR} ALL=(root) NOPASSWD: /usr/bin/id ^-u$\n`,
      },
      setUp: [
        "chmod 0755 DIRECTORY/shell",
        `echo '${NOISY}:*:0:0::/root:DIRECTORY/shell' >> /etc/passwd`,
        `echo 'nobody-home:*:65532:65532::/:/usr/sbin/nologin' >> /etc/passwd`,
        "chmod 0440 DIRECTORY/sudoers; mount --bind DIRECTORY/sudoers /etc/sudoers",
      ].join("\n"),
    });
  });
  afterAll(async () => {
    await server.stop();
  });

  it.each(["-oProxyCommand=id", "user@-oProxyCommand=id", "", "a b", "$(id)", "a\nb", "h'ost"])(
    "%j is no host",
    async (destination) => {
      expect(await whyNot(destination, { options: server.options })).toContain("is no host: ");
    },
  );

  it("is one whose port is closed", async () => {
    const options = [...server.options, "-p", String(await freePort())];
    expect(await whyNot("root@somewhere", { options })).toMatch(/Connection refused$/u);
  });

  it("is one that accepts and says nothing", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => {
      silent.listen(0, "127.0.0.1", resolve);
    });
    const address = silent.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const options = [...server.options, "-p", String(port)];
    expect(await whyNot("root@somewhere", { options, seconds: 1 })).toBe(
      "it did not answer within 1 seconds",
    );
    silent.close();
  });

  it("is one whose key is not known; the key is not learned", async () => {
    const known = join(server.directory, "no-hosts");
    await writeFile(known, "");
    const options = ["-o", `UserKnownHostsFile=${known}`, ...server.options];
    expect(await whyNot("root@somewhere", { options })).toBe("Host key verification failed.");
    expect(await readFile(known, "utf8")).toBe("");
  });

  it("is one that does not let the user in, or gives no shell", async () => {
    expect(await whyNot("nobody-there@somewhere", { options: server.options })).toMatch(
      /Permission denied/u,
    );
    expect(await whyNot("nobody-home@somewhere", { options: server.options })).toMatch(
      /This account is currently not available\.$/u,
    );
  });

  it("is none with a banner and a start-up file that talks", async () => {
    const found = await onHost(`${NOISY}@somewhere`, { options: server.options }, (host) =>
      host.readText(hostPath("/proc/uptime")),
    );
    expect(found).toMatchObject({ status: "present", value: expect.stringMatching(/^\d/u) });
  });

  it("denies what its user may not see", async () => {
    const found = await onHost(`${VISITOR}@somewhere`, { options: server.options }, (host) =>
      Promise.all([
        host.list(hostPath("/root")),
        host.lstat(hostPath("/root/.profile")),
        host.lstat(hostPath("/etc/shadow")),
      ]),
    );
    expect(found).toMatchObject([
      { status: "denied" },
      { status: "denied" },
      { status: "present" },
    ]);
  });

  it("refuses by name what sudo does not let through", async () => {
    const found = await onHost(
      `${VISITOR}@somewhere`,
      { options: server.options, sudo: true },
      async (host) => ({
        stat: await host.lstat(hostPath("/etc")),
        journal: await host.run({ program: "journalctl", args: ["--list-boots"] }),
      }),
    );
    const words = "sudo: a password is required";
    expect(found.stat).toEqual({ status: "refused", reason: words });
    expect(found.journal).toMatchObject({ failure: "not-possible", stderr: words });
  });

  it("is none where sudoers lists the commands as docs/remote-hosts.md shows them", async () => {
    const other = await startSshServer({
      files: { sudoers: `${sudoersEntries(VISITOR, "/usr/bin")}\n` },
      setUp: "chmod 0440 DIRECTORY/sudoers; mount --bind DIRECTORY/sudoers /etc/sudoers",
    });
    const found = await onHost(
      `${VISITOR}@somewhere`,
      { options: other.options, sudo: true },
      async (host) => ({
        names: await host.list(hostPath("/root")),
        text: await host.readText(hostPath("/etc/passwd")),
        acl: await host.run({
          program: "getfacl",
          args: ["--numeric", "--absolute-names", "--physical", "--", "/root"],
        }),
        boots: await host.run({ program: "journalctl", args: ["--list-boots", "--output=json"] }),
      }),
    );
    const shadow = await execa(
      "ssh",
      [...other.options, `${VISITOR}@somewhere`, "sudo -n /usr/bin/dd if=/etc/shadow"],
      { reject: false, stdin: "ignore" },
    );
    await other.stop();
    expect(found.names.status).toBe("present");
    expect(found.text.status).toBe("present");
    expect(found.acl).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("# owner: 0") });
    expect(found.boots.failure).toBeUndefined();
    expect(shadow).toMatchObject({ exitCode: 1, stdout: "" });
  });

  it("is one whose sudo asks for a password", async () => {
    const other = await startSshServer({
      files: { sudoers: "" },
      setUp: "chmod 0440 DIRECTORY/sudoers; mount --bind DIRECTORY/sudoers /etc/sudoers",
    });
    const why = await whyNot(`${VISITOR}@somewhere`, { options: other.options, sudo: true });
    await other.stop();
    expect(why).toBe("sudo runs nothing there without a password: sudo: a password is required");
  });

  it("is one without sudo", async () => {
    const other = await startSshServer({ setUp: "mount --bind /dev/null /usr/bin/sudo" });
    const why = await whyNot(`${VISITOR}@somewhere`, { options: other.options, sudo: true });
    await other.stop();
    expect(why).toBe("sudo is not installed there");
  });
});
