import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { answering } from "../../src/host/journal-answer.ts";
import { openGateway } from "../../src/host/journal-gateway.ts";
import type { JournalReader } from "../../src/host/journal-reader.ts";
import { exportText, writeJournal } from "../support/journal-export.ts";
import { canServeJournals, freePort, serveJournals, type Gateway } from "../support/gateway.ts";

const START = 1_758_948_000_000_000;
const VM = "microvm@test-vm.service";
const ENVIRONMENT = { PATH: process.env["PATH"], TZ: "UTC", LC_ALL: "C.UTF-8" };

describe.skipIf(!canServeJournals)("a systemd-journal-gatewayd", () => {
  let scratch = "";
  let gateway: Gateway | undefined;
  let reader: JournalReader | undefined;
  let serves: string | undefined;

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), "mvdoctor-gateway-"));
    const boots = ["a", "b"].map((digit) => digit.repeat(32));
    const entries = Array.from({ length: 60 }, (_, index) => ({
      time: START + index * 1_000_000,
      fields: {
        _BOOT_ID: boots[index < 30 ? 0 : 1] ?? "",
        _MACHINE_ID: "e".repeat(32),
        _TRANSPORT: "journal",
        MESSAGE: index === 7 ? `long ${"x".repeat(5000)}` : `line \u2028 ${index}`,
        PRIORITY: String(index % 7),
        ...(index % 3 === 0 ? { UNIT: VM } : {}),
        ...(index % 4 === 0 ? { _SYSTEMD_UNIT: VM } : {}),
      },
    }));
    const file = join(scratch, "served.journal");
    await writeJournal(file, exportText(entries, START - 5_000_000), "e".repeat(32));
    gateway = await serveJournals(scratch);
    const opened = await openGateway(gateway.url);
    if (opened.status !== "opened") throw new Error(opened.message);
    serves = opened.serves.machineId;
    reader = answering(opened.source);
  });
  afterAll(() => {
    gateway?.stop();
    rmSync(scratch, { recursive: true });
  });

  it("names the machine that serves, not the one whose journal it serves", () => {
    expect(serves).toMatch(/^[0-9a-f]{32}$/u);
    expect(serves).not.toBe("e".repeat(32));
  });

  const at = (seconds: number): string => `@${START / 1e6 + seconds}.000000`;

  it.each<readonly string[]>([
    [],
    [`UNIT=${VM}`, "+", `_SYSTEMD_UNIT=${VM}`, "+", "SYSLOG_IDENTIFIER=none"],
    ["PRIORITY=3", "PRIORITY=4", `UNIT=${VM}`],
    [`--since=${at(10)}`, `UNIT=${VM}`, "+", "PRIORITY=2"],
    [`--boot=${"b".repeat(32)}`, "PRIORITY=2"],
    ["--boot=-1"],
    ["--boot=1", `--since=${at(3)}`],
    ["--reverse"],
    ["--reverse", `--until=${at(50)}`],
    ["--reverse", `--until=${at(2)}`],
    ["--reverse", `--until=${at(-2)}`],
    ["--lines=1"],
    ["--lines=3", `UNIT=${VM}`, "+", `_SYSTEMD_UNIT=${VM}`],
    [`--since=${at(100)}`],
    ["--grep=^line . 1"],
    ["UNIT=none"],
  ])("answers %j as journalctl does", async (...args) => {
    const all = ["--output=json", "--all", ...args];
    const answer = await reader?.run(all);
    expect(parsed(answer?.stdout ?? "")).toEqual(parsed(real(all)));
    expect(answer?.exitCode).toBe(0);
  });

  it("lists boots and values as journalctl does", async () => {
    const boots = ["--list-boots", "--output=json"];
    const values = ["--field=UNIT"];
    expect(parsed((await reader?.run(boots))?.stdout ?? "")).toEqual(parsed(real(boots)));
    expect((await reader?.run(values))?.stdout).toBe(`${VM}\n`);
  });

  it("is let go by a reader that has enough", async () => {
    const stream = reader?.stream(["--output=json", "--all"]);
    let lines = 0;
    for await (const line of stream?.lines ?? []) {
      lines += line.length > 0 ? 1 : 0;
      break;
    }
    expect(lines).toBe(1);
    expect(await stream?.end).toEqual({ exitCode: 0, stderr: "" });
  });

  const real = (args: readonly string[]): string =>
    spawnSync("journalctl", ["--directory", scratch, "--quiet", ...args], {
      encoding: "utf8",
      env: ENVIRONMENT,
    }).stdout;
});

const parsed = (stdout: string): readonly unknown[] =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));

const MACHINE = JSON.stringify({ machine_id: "a".repeat(32), hostname: "gate" });
const ENTRY = `__CURSOR=s=${"1".repeat(32)};i=1\n__REALTIME_TIMESTAMP=${START}\nMESSAGE=hello\n\n`;

/** A gateway that says who it is and then does what it likes. */
const served = async (answer: RequestListener): Promise<string> => {
  const server = createServer((request, response) => {
    if (request.url === "/machine") response.end(MACHINE);
    else answer(request, response);
  }).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" ? `http://127.0.0.1:${address?.port}` : "";
};

const asked = async (url: string) => {
  const opened = await openGateway(url, { silentSeconds: 0.3, seconds: 5, mostBytes: 100_000 });
  if (opened.status !== "opened") throw new Error(opened.message);
  return answering(opened.source).run(["--output=json", "--all"]);
};

describe("something that is no good gateway", () => {
  it.each<[string, RequestListener, RegExp, string | undefined]>([
    ["has no entries", (_, response) => response.writeHead(404).end(), /HTTP 404/u, undefined],
    [
      "leads elsewhere",
      (_, response) => response.writeHead(302, { Location: "http://192.0.2.1/" }).end(),
      /leads elsewhere \(HTTP 302\), which is not followed/u,
      undefined,
    ],
    [
      "is reset in the middle",
      (_, response) => {
        response.write(ENTRY, () => response.socket?.destroy());
      },
      /could not be read: the connection broke off/u,
      undefined,
    ],
    [
      "ends in the middle of an entry",
      (_, response) => response.end(`${ENTRY}__CURSOR=s`),
      /is cut off/u,
      undefined,
    ],
    [
      "answers with a page",
      (_, response) => response.end("<html>\n\n"),
      /is cut off or/u,
      undefined,
    ],
    [
      "falls silent",
      (_, response) => {
        response.write(ENTRY);
      },
      /said nothing for 0\.3 s/u,
      "timed-out",
    ],
    [
      "never stops",
      (_, response) => response.end(ENTRY.repeat(2000)),
      /answers with more than/u,
      "too-much-output",
    ],
  ])("that %s is a failure with its name", async (_, answer, why, failure) => {
    const result = await asked(await served(answer));
    expect(result.stderr).toMatch(why);
    expect(result.failure).toBe(failure);
    expect(result.exitCode === 0).toBe(false);
  });

  it("that nobody runs is unreachable", async () => {
    const opened = await openGateway(`http://127.0.0.1:${await freePort()}`);
    expect(opened).toMatchObject({
      status: "unreachable",
      message: expect.stringContaining("/machine could not be read: the connection was refused"),
    });
  });

  it.each([
    ["ftp://host", /no http or https URL/u],
    ["host:19531", /no http or https URL/u],
    ["http://user:hunter2@host:19531", /holds a user or a password/u],
    ["http://host:19531/entries", /more than a host and a port/u],
  ])("%s is wrong usage, and a password is never shown", async (url, why) => {
    const opened = await openGateway(url);
    expect(opened.status).toBe("wrong-usage");
    expect(JSON.stringify(opened)).toMatch(why);
    expect(JSON.stringify(opened)).not.toContain("hunter2");
  });
});
