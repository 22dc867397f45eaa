import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openShell, type RemoteShell } from "../../../src/host/remote/remote-shell.ts";
import { requireTools } from "../../support/requirements.ts";

const SHELLS = ["dash", "bash"] as const;
const opened: RemoteShell[] = [];

/** A shell of this machine, spoken to as one of another host is. */
const open = async (...argv: readonly [string, ...string[]]): Promise<RemoteShell> => {
  const found = await openShell({ name: "the host", argv, prefix: [], seconds: 10 });
  if (found.status !== "opened") throw new Error(found.why);
  opened.push(found.shell);
  return found.shell;
};

afterEach(async () => {
  await Promise.all(opened.splice(0).map((shell) => shell.close()));
});

const SECONDS = 10;
const MOST = 1024 * 1024;
const script = (text: string, seconds = SECONDS) => ({ argv: ["sh", "-c", text], seconds });

const linesOf = async (lines: AsyncIterable<Buffer>): Promise<readonly string[]> => {
  const all: string[] = [];
  for await (const line of lines) all.push(line.toString());
  return all;
};

describe.skipIf(!requireTools(...SHELLS, "timeout"))("a shell of another host", () => {
  let scratch = "";
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "mvdoctor-shell-"));
  });
  afterAll(async () => {
    await rm(scratch, { recursive: true });
  });

  it.each(SHELLS)("keeps output, errors and status of each command apart, in %s", async (name) => {
    const shell = await open(name);
    const [first, second, third] = await shell.run(
      [
        script(String.raw`printf 'a\n\n'; echo no >&2; exit 3`),
        script(":"),
        script("printf b; cat"),
      ],
      MOST,
    );
    expect(first).toMatchObject({ exitCode: 3, stderr: "no\n" });
    expect(first?.stdout.toString()).toBe("a\n\n");
    expect(second).toEqual({ exitCode: 0, stderr: "", stdout: Buffer.alloc(0) });
    // Nothing there can read what is written to the shell.
    expect(third?.stdout.toString()).toBe("b");
  });

  it.each(SHELLS)(
    "answers questions that were asked at once in their order, in %s",
    async (name) => {
      const shell = await open(name);
      const answers = await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          if (index % 7 === 0) return linesOf(shell.stream(script(`echo ${index}`)).lines);
          const [answer] = await shell.run([script(`echo ${index}`)], MOST);
          return [answer?.stdout.toString().trim()];
        }),
      );
      expect(answers.flat()).toEqual(Array.from({ length: 50 }, (_, index) => String(index)));
    },
  );

  it("tells a command that is not there, takes too long or prints too much", async () => {
    const shell = await open("sh");
    const [absent, slow] = await shell.run(
      [{ argv: ["no-such-program"], seconds: 1 }, script("echo begun; exec sleep 60", 1)],
      MOST,
    );
    expect(absent).toMatchObject({ exitCode: null, failure: "not-installed" });
    expect(slow).toMatchObject({ exitCode: null, failure: "timed-out" });
    const [flood, behind] = await shell.run([script("yes"), script("echo no")], 10_000);
    expect(flood).toMatchObject({ exitCode: null, failure: "too-much-output" });
    expect(flood?.stdout.length).toBeLessThanOrEqual(10_000);
    expect(behind?.failure).toBe("too-much-output");
    const [next] = await shell.run([script("echo fine")], MOST);
    expect(next?.stdout.toString()).toBe("fine\n");
  });

  it("keeps the beginning of complaints without an end, and goes on", async () => {
    const shell = await open("sh");
    const [loud] = await shell.run([script("yes oh no | head -c 3000000 >&2")], MOST);
    expect(loud?.exitCode).toBe(0);
    expect(loud?.stderr.length).toBeLessThanOrEqual(64 * 1024);
    expect((await shell.run([script("exit 4")], MOST))[0]?.exitCode).toBe(4);
  });

  it.each(SHELLS)("hands out every line of a long output, in %s", async (name) => {
    const shell = await open(name);
    const stream = shell.stream(script("seq 300000; printf end; echo bye >&2; exit 5"));
    const lines = await linesOf(stream.lines);
    expect(lines.length).toBe(300_001);
    expect(lines.slice(-2)).toEqual(["300000", "end"]);
    expect(lines.every((line, index) => line === String(index + 1) || line === "end")).toBe(true);
    expect(await stream.end).toEqual({ exitCode: 5, stderr: "bye\n" });
  });

  it.each(SHELLS)("ends a command whose reader has enough, in %s", async (name) => {
    const shell = await open(name);
    const file = join(scratch, `ended-${name}`);
    const stream = shell.stream(script(`trap '' PIPE; yes; echo $? > ${file}`, 60));
    for await (const line of stream.lines) {
      expect(line.toString()).toBe("y");
      break;
    }
    expect((await stream.end).failure).toBeUndefined();
    const [next] = await shell.run([script(`cat ${file}`)], MOST);
    expect(next?.stdout.toString()).not.toBe("0\n");
    expect(next?.exitCode).toBe(0);
  });

  it("does not let a slow reader pile up what is printed", async () => {
    const shell = await open("sh");
    const before = process.memoryUsage().arrayBuffers;
    const stream = shell.stream(script("yes | head -c 200000000", 60));
    const lines = stream.lines[Symbol.asyncIterator]();
    await lines.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
    await lines.return?.();
  });

  it("says that the connection was lost, to the command under way and to all later ones", async () => {
    const shell = await open("sh");
    const stream = shell.stream(script("echo one; exec sleep 30", 60));
    const later = shell.run([script("echo no")], MOST);
    const reading = linesOf(stream.lines);
    await shell.close();
    expect(await reading).toEqual([]);
    expect(await stream.end).toMatchObject({
      exitCode: null,
      failure: "not-possible",
      stderr: expect.stringContaining("the connection to the host was lost: "),
    });
    expect((await later)[0]).toMatchObject({ failure: "not-possible" });
    expect((await shell.run([script("echo no")], MOST))[0]?.stderr).toContain("was lost");
  });

  it("passes over what stands in front of its first word", async () => {
    const start = String.raw`printf '\033[31mWelcome!\n'; echo mesg: no tty >&2; printf 'no newline'; exec sh`;
    const shell = await open("sh", "-c", start);
    const [answer] = await shell.run([script("echo fine")], MOST);
    expect(answer).toMatchObject({ exitCode: 0, stderr: "" });
    expect(answer?.stdout.toString()).toBe("fine\n");
  });

  it.each([
    ["writes without end", "yes", "it did not answer within 1 seconds"],
    ["says nothing", "sleep 20", "it did not answer within 1 seconds"],
    [
      "goes away",
      String.raw`printf 'This account\033[0m is closed.\n'; exit 1`,
      "This account\uFFFD[0m is closed.",
    ],
    ["goes away without a word", "exit 7", "sh ended with status 7 and said nothing"],
  ])("gives up one that %s", async (_, text, why) => {
    const found = await openShell({
      name: "the host",
      argv: ["sh", "-c", text],
      prefix: [],
      seconds: 1,
    });
    expect(found).toEqual({ status: "unreachable", why });
  });

  it("has an environment of its own", async () => {
    const found = await openShell({
      name: "the host",
      argv: ["env", "LC_ALL=de_DE.UTF-8", "QUOTING_STYLE=c", "SYSTEMD_PAGER=less", "sh"],
      prefix: [],
      seconds: 10,
    });
    if (found.status !== "opened") throw new Error(found.why);
    opened.push(found.shell);
    const [answer] = await found.shell.run([{ argv: ["env"], seconds: 5 }], MOST);
    const names = answer?.stdout
      .toString()
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(
      names
        ?.filter((name) => name !== "_" && name !== "PWD" && name !== "OLDPWD" && name !== "SHLVL")
        .toSorted(),
    ).toEqual([
      "",
      "HOME",
      "LC_ALL",
      "PATH",
      "SYSTEMD_COLORS",
      "SYSTEMD_PAGER",
      "SYSTEMD_URLIFY",
      "TZ",
    ]);
  });
});
