import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Host } from "../../src/host/host.ts";
import { answering } from "../../src/host/journal-answer.ts";
import { openJournalFiles, readerOfFiles } from "../../src/host/journal-files.ts";
import { openGateway } from "../../src/host/journal-gateway.ts";
import { journalOnly } from "../../src/host/journal-reader.ts";
import { openJournal } from "../../src/host/open-host.ts";
import { render } from "../../src/report/render.ts";
import { diagnoseHost } from "../../src/requests/diagnose-hosts.ts";
import { journalHosts } from "../../src/journal/fleet.ts";
import { parseVmName } from "../../src/vocabulary.ts";
import { builtTrees, canBuildTrees } from "../support/built-trees.ts";
import { canServeJournals, serveJournals } from "../support/gateway.ts";

const STORY = "secret-never-loaded";
const NOW = "2025-09-27 01:52:00";
const VM = "test-vm";

describe.skipIf(!canBuildTrees || !canServeJournals)("the journal of the incident", () => {
  const tree = builtTrees(STORY);
  let scratch = "";
  let expected = "";
  const directory = () => {
    const journals = join(tree(STORY), "var/log/journal");
    return join(journals, readdirSync(journals)[0] ?? "");
  };

  const report = async (host: Host): Promise<string> => {
    const answer = await diagnoseHost(host, { source: {}, times: { now: NOW }, vms: [VM] });
    if (answer.status !== "diagnosed") throw new Error(answer.status);
    return render(answer.reports, "diagnosis", "json", { width: 100, colour: false });
  };

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), "mvdoctor-sources-"));
    expected = await report(openJournal({ directory: directory() }));
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true });
  });

  it.each([
    ["export", ["--output=export"]],
    ["json", ["--output=json", "--all"]],
  ])("tells the same story where somebody saved it with -o %s", async (name, args) => {
    const file = join(scratch, `${name}.gz`);
    const text = execFileSync("journalctl", ["--directory", directory(), ...args], {
      maxBuffer: 256 * 1024 * 1024,
    });
    writeFileSync(file, gzipSync(text));
    const opened = await openJournalFiles([file]);
    if (opened.status !== "opened") throw new Error(opened.message);
    expect(await report(journalOnly(readerOfFiles(opened), "a journal"))).toBe(expected);
  });

  it("tells it from a gateway", async () => {
    const gateway = await serveJournals(directory());
    onTestFinished(() => {
      gateway.stop();
    });
    const opened = await openGateway(gateway.url);
    if (opened.status !== "opened") throw new Error(opened.message);
    expect(await report(journalOnly(answering(opened.source), "a journal"))).toBe(expected);
  });

  it("tells it as that of one host of a fleet", async () => {
    const vm = parseVmName(VM);
    const place = { kind: "directory", directory: join(directory(), "..") } as const;
    const { hosts } = await journalHosts(place, vm === undefined ? [] : [vm]);
    expect(hosts.map(({ hostname }) => hostname)).toEqual(["britton-desktop"]);
    for (const { host } of hosts) expect(await report(host)).toBe(expected);
  });
});
