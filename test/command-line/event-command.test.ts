import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test, vi } from "vitest";
import { commandWords, eventCommand } from "../../src/command-line/event-command.ts";

let scratch = "";
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "mvdoctor-exec-"));
});
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

describe("the words of a command", () => {
  test.for<[string, readonly string[]]>([
    ["notify-send mvdoctor", ["notify-send", "mvdoctor"]],
    ["tell 'two words' \"and two\"", ["tell", "two words", "and two"]],
    ["sh -c 'cat >> /tmp/x; echo $HOME'", ["sh", "-c", "cat >> /tmp/x; echo $HOME"]],
    ["curl -d @- http://one/?a=1&b=2", ["curl", "-d", "@-", "http://one/?a=1&b=2"]],
    ["echo $HOME *", ["echo", "$HOME", "*"]],
  ])("%s", ([text, words]) => {
    expect(commandWords(text)).toEqual(words);
  });

  test.for(["a | b", "a > b", "a 2>&1", "a && b", "a; b", "$(a) b", "`a`", "a &"])(
    "%s is for a shell, and refused",
    (text) => {
      expect(() => commandWords(text)).toThrow(/needs a shell/u);
    },
  );
});

const eventOf = (json: string) => ({
  json,
  variables: { MVDOCTOR_VM: "test-vm", MVDOCTOR_RULE: "access/file-mode" },
});

/** What is told on stderr while `work` is done. */
const toldBy = async (work: () => Promise<void>): Promise<string> => {
  const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    await work();
    return written.mock.calls.map(([text]) => String(text)).join("");
  } finally {
    written.mockRestore();
  }
};

describe("a command for events", () => {
  it("runs for one event after the other, in their order", async () => {
    const file = join(scratch, "order");
    const command = eventCommand(
      `sh -c 'read x; echo "<$x" >> ${file}; sleep 0.2; echo ">" >> ${file}'`,
    );
    for (const json of ["1", "2", "3"]) command.tell(eventOf(`${json}\n`));
    await command.ended();
    expect(readFileSync(file, "utf8")).toBe("<1\n>\n<2\n>\n<3\n>\n");
  });

  it("that hangs is ended, and the next event has its turn", async () => {
    const command = eventCommand("sleep 20", { seconds: 0.2, waiting: 10 });
    const told = await toldBy(async () => {
      command.tell(eventOf("1"));
      command.tell(eventOf("2"));
      await command.ended();
    });
    expect(told).toBe(
      "mvdoctor: --exec: sleep was ended after 0.2 s, for access/file-mode of test-vm\n".repeat(2),
    );
  });

  test.for<[string, string, string]>([
    ["is not there", "/nonexistent/tell", "cannot be started: ENOENT"],
    ["fails", "false", "ended with 1"],
    ["is ended by a signal", "sh -c 'kill -9 $$'", "was ended by SIGKILL"],
  ])("that %s is told of", async ([, text, how]) => {
    const told = await toldBy(async () => {
      const command = eventCommand(text);
      command.tell(eventOf("x".repeat(200_000)));
      await command.ended();
    });
    expect(told).toContain(how);
  });

  it("that does not read what it is told is no failure", async () => {
    const told = await toldBy(async () => {
      const command = eventCommand("true");
      command.tell(eventOf("x".repeat(2_000_000)));
      await command.ended();
    });
    expect(told).toBe("");
  });

  it("is not run for more than may wait", async () => {
    const told = await toldBy(async () => {
      const command = eventCommand("sleep 0.1", { seconds: 5, waiting: 2 });
      for (const json of ["1", "2", "3", "4", "5"]) command.tell(eventOf(json));
      await command.ended();
    });
    expect(told).toContain("not run for one event");
  });
});
