import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { JOURNAL_FIELDS } from "../../src/host/journal-fields.ts";
import { openHost, openJournal } from "../../src/host/open-host.ts";
import { recordHost, replayHost } from "../../src/host/recording.ts";
import { parseJsonEntry } from "../../src/journal/entry.ts";
import type { Host } from "../../src/host/host.ts";
import { hostPath } from "../../src/vocabulary.ts";
import { exportText, writeJournal } from "../support/journal-export.ts";
import { requireTools } from "../support/requirements.ts";
import { REPOSITORY } from "../support/run-node.ts";

const SECRET = "hunter2hunter2";
const MACHINE = "0123456789abcdef0123456789abcdef";
const TIME = 1_758_948_000_000_000;
const TOKEN = `ghp_${"aB3dE5".repeat(6)}`;

const canRead = requireTools("journalctl", "systemd-journal-remote");

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "mvdoctor-masked-"));
  await mkdir(join(root, "etc/systemd/system/a.service.d"), { recursive: true });
  await writeFile(
    join(root, "etc/systemd/system/a.service"),
    `[Service]\nEnvironment=COLOUR=${SECRET}\nSetCredential=a:${SECRET}\n`,
  );
  await symlink(`/etc/${TOKEN}`, join(root, "etc/link"));
  await writeFile(join(root, `etc/systemd/system/a.service.d/${TOKEN}.conf`), "");
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

/** A program may log any field; a value may go on in the next line of the same writer. */
const logged = [
  { MESSAGE: `+ COLOUR=${SECRET}`, _CMDLINE: `run ${SECRET}`, TOTALLY_OWN: SECRET },
  { MESSAGE: "-----BEGIN OPENSSH PRIVATE KEY-----", COREDUMP_ENVIRON: `A=${SECRET}` },
  { MESSAGE: Buffer.from(SECRET).toString("base64"), COMMAND: `COLOUR=${SECRET}` },
  { MESSAGE: "-----END OPENSSH PRIVATE KEY-----" },
  { MESSAGE: `\u001B[1mAPI_KEY=${SECRET}\u001B[0m` },
].map((fields, index) => ({
  time: TIME + index,
  fields: {
    _BOOT_ID: "b".repeat(32),
    _PID: "7",
    _MACHINE_ID: MACHINE,
    SYSLOG_IDENTIFIER: "probe",
    ...fields,
  },
}));

const SHOWS_IT = new RegExp([SECRET, Buffer.from(SECRET).toString("base64"), TOKEN].join("|"), "u");

const linesOf = async (host: Host): Promise<readonly string[]> => {
  const lines: string[] = [];
  const stream = host.stream({ program: "journalctl", args: ["--output=json", "--all"] });
  for await (const line of stream.lines) lines.push(line.toString("utf8"));
  await stream.end;
  return lines;
};

describe.skipIf(!canRead)("the journal of a host", () => {
  let directory = "";
  beforeAll(async () => {
    directory = join(root, "journal");
    await writeJournal(join(directory, "system.journal"), exportText(logged, TIME), MACHINE);
  });

  it("gives fields that are known, and in them no value, as a stream and as a whole", async () => {
    const host = openJournal({ directory });
    const streamed = await linesOf(host);
    const run = await host.run({ program: "journalctl", args: ["--output=json", "--all"] });
    expect(streamed).toHaveLength(logged.length);
    expect(run.stdout.trimEnd().split("\n")).toEqual(streamed);
    for (const line of streamed) {
      expect(line).not.toMatch(SHOWS_IT);
      const fields = Object.keys(JSON.parse(line) as object);
      expect(fields.filter((field) => !JOURNAL_FIELDS.some((one) => one === field))).toEqual([]);
    }
    const messages = streamed.map((line) => parseJsonEntry(Buffer.from(line))?.message);
    expect(messages[0]).toBe(`+ COLOUR=<masked, ${SECRET.length} bytes>`);
    expect(messages[2]).toMatch(/^<masked, \d+ bytes>$/u);
    expect(messages[4]).toContain(`API_KEY=<masked, `);
  });

  it("is the same once more, when it is replayed", async () => {
    const recording = recordHost(openJournal({ directory }));
    const live = await linesOf(recording.host);
    expect(await linesOf(replayHost(recording.recorded()))).toEqual(live);
  });

  it("gives no value of a recording that was not masked", async () => {
    const recording = recordHost(openJournal({ directory }));
    await linesOf(recording.host);
    const key = Object.keys(recording.recorded().streams).join();
    expect(key).toBe("journalctl --output=json --all");
    const lines = logged.map(({ fields }) => JSON.stringify(fields));
    const told = {
      program: "journalctl" as const,
      args: ["--output=json", "--all"],
      milliseconds: 1,
      exitCode: 0,
      stderr: `password=${SECRET}`,
      lines,
    };
    const edited = { ...recording.recorded(), streams: { [key]: told } };
    expect(JSON.stringify(edited)).toMatch(SHOWS_IT);
    const replayed = replayHost(edited);
    expect((await linesOf(replayed)).join("\n")).not.toMatch(SHOWS_IT);
    const { end } = replayed.stream({
      program: "journalctl",
      args: ["--output=json", "--all"],
    });
    expect((await end).stderr).not.toMatch(SHOWS_IT);
  });
});

describe("the files of a host", () => {
  it("show no value in a text, in a name, or in a link's target", async () => {
    const host = openHost(root);
    const text = await host.readText(hostPath("/etc/systemd/system/a.service"));
    const names = await host.list(hostPath("/etc/systemd/system/a.service.d"));
    const link = await host.lstat(hostPath("/etc/link"));
    for (const found of [text, names, link]) {
      expect(found.status).toBe("present");
      expect(JSON.stringify(found)).not.toMatch(SHOWS_IT);
      expect(JSON.stringify(found)).toContain("<masked, ");
    }
  });
});

it("nothing but maskedHost calls a host masked", async () => {
  const sources = (await readdir(join(REPOSITORY, "src"), { recursive: true })).filter((file) =>
    file.endsWith(".ts"),
  );
  const claims: string[] = [];
  for (const file of sources) {
    const text = await readFile(join(REPOSITORY, "src", file), "utf8");
    if (/isMasked: true(?!;)/u.test(text)) claims.push(file);
  }
  expect(claims).toEqual(["host/masked-host.ts"]);
});
