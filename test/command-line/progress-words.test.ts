import { describe, expect, it, test } from "vitest";
import { progressWords, readingsOf } from "../../src/command-line/progress-words.ts";
import type { Command } from "../../src/host/host.ts";
import { micros } from "../../src/vocabulary.ts";

const JOURNAL: Command = {
  program: "journalctl",
  args: ["--output=json", "--all", "_SYSTEMD_UNIT=microvm@test-vm.service"],
};
const SPAN = { first: micros(1_000_000), last: micros(101_000_000) };

/** A clock that stands still until it is set, and what is read by it. */
const readings = () => {
  let time = 0;
  const { listener, now } = readingsOf(() => time);
  return {
    ask: (
      command: Command,
      { origin = "this host", span = undefined as typeof SPAN | undefined } = {},
    ) => listener({ command, origin, span }),
    at: (milliseconds: number) => {
      time = milliseconds;
    },
    words: (columns = 200) => progressWords(now(), columns),
  };
};

describe("the line of progress", () => {
  test.for<[string, Command]>([
    ["reading the journal of test-vm", JOURNAL],
    ["reading the journal", { program: "journalctl", args: ["_TRANSPORT=kernel"] }],
    ["listing the boots of the journal", { program: "journalctl", args: ["--list-boots"] }],
    ["asking the Nix store", { program: "nix-store", args: ["--query", "--roots"] }],
    ["asking systemd", { program: "systemctl", args: ["show"] }],
  ])("says: %s", ([words, command]) => {
    const { ask, words: line } = readings();
    ask(command);
    expect(line()).toBe(`mvdoctor: ${words}`);
  });

  it("counts entries, and forgets a question that was answered", () => {
    const { ask, words } = readings();
    const { read, ended } = ask(JOURNAL);
    read(119_000, undefined);
    read(1000, undefined);
    expect(words()).toBe("mvdoctor: reading the journal of test-vm: 120,000 entries");
    ended();
    expect(words()).toBe("mvdoctor: working");
  });

  it("tells the time that is left by the share of the journal's span that was read", () => {
    const { ask, at, words } = readings();
    const { read } = ask(JOURNAL, { span: SPAN });
    at(5000);
    read(10, micros(21_000_000));
    expect(words()).toBe("mvdoctor: reading the journal of test-vm: 10 entries, about 20 s left");
    at(20_000);
    read(10, micros(101_000_000));
    expect(words()).toBe("mvdoctor: reading the journal of test-vm: 20 entries");
  });

  it.each<[string, typeof SPAN | undefined, number, number]>([
    ["the end of the journal is not known", undefined, 5000, 21_000_000],
    ["next to nothing was read", SPAN, 5000, 2_000_000],
    ["it has only begun", SPAN, 500, 21_000_000],
    ["entries lie before the span, by a clock that was wrong", SPAN, 5000, 1000],
  ])("tells none where %s", (_, span, time, last) => {
    const { ask, at, words } = readings();
    const { read } = ask(JOURNAL, { span });
    at(time);
    read(10, micros(last));
    expect(words()).toBe("mvdoctor: reading the journal of test-vm: 10 entries");
  });

  it("tells how long an answer is waited for that brings nothing", () => {
    const { ask, at, words } = readings();
    ask({ program: "nix-store", args: [] });
    at(1900);
    expect(words()).toBe("mvdoctor: asking the Nix store");
    at(12_300);
    expect(words()).toBe("mvdoctor: asking the Nix store (12 s)");
  });

  it("names the host where several are asked", () => {
    const { ask, words } = readings();
    ask(JOURNAL, { origin: "root@one" }).read(1, undefined);
    ask(JOURNAL, { origin: "root@two" }).read(2, undefined);
    expect(words()).toBe("mvdoctor: reading the journal of test-vm: 2 entries, on root@two");
  });

  it("stays shorter than the terminal, and in ASCII", () => {
    const { ask, words } = readings();
    ask(JOURNAL, { origin: "one" });
    ask(JOURNAL, { origin: "zw\u{F6}lf\u001B[2J" });
    expect(words(30)).toBe("mvdoctor: reading the journal");
    expect(words()).toMatch(/^[ -~]+$/u);
  });
});
