import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import * as v from "valibot";
import { parse } from "yaml";
import { openJournal } from "../../src/host/open-host.ts";
import { diagnoseHost } from "../../src/requests/diagnose-hosts.ts";
import { statusOfFindings } from "../../src/command-line/exit-status.ts";
import { render } from "../../src/report/render.ts";
import { writeJournal } from "./journal-export.ts";
import { parseReport, vmOf } from "./report-json.ts";
import { complaintsAbout } from "./scenario-check.ts";
import { expectation } from "./scenario-file.ts";

const DIRECTORY = resolve(import.meta.dirname, "../scenarios");

const recording = v.strictObject({
  /** In test/scenarios/recorded. */
  file: v.pipe(v.string(), v.endsWith(".export.gz")),
  /** What it shows that journals which are written by hand do not. */
  shows: v.string(),
  /** What made it. */
  command: v.string(),
  vm: v.string(),
  /** Words of systemd that are in it. */
  words: v.array(v.string()),
  expect: expectation,
});

/** The journal of a real systemd, as the lab captured it. */
export type RecordedJournal = v.InferOutput<typeof recording>;

export const loadRecordedJournals = async (): Promise<readonly RecordedJournal[]> =>
  v.parse(v.array(recording), parse(await readFile(join(DIRECTORY, "recorded.yaml"), "utf8")));

export const exportOf = async ({ file }: RecordedJournal): Promise<Buffer> =>
  gunzipSync(await readFile(join(DIRECTORY, "recorded", file)));

/** What of the expectation does not hold where the journal is all that there is, in sentences. */
export const complaintsAboutRecorded = async (
  recorded: RecordedJournal,
  scratch: string,
): Promise<readonly string[]> => {
  const text = await exportOf(recorded);
  const machineId = /^_MACHINE_ID=([0-9a-f]{32})$/mu.exec(text.toString("latin1"))?.[1] ?? "";
  await writeJournal(join(scratch, machineId, "system.journal"), text, machineId);
  const host = openJournal({ directory: scratch });
  const answer = await diagnoseHost(host, { source: {}, times: {}, vms: [recorded.vm] });
  if (answer.status !== "diagnosed") throw new Error(JSON.stringify(answer));
  const page = render(answer.reports, "diagnosis", "json", { width: 80, colour: false });
  const report = parseReport(page);
  return complaintsAbout(
    { kind: "silent", expect: recorded.expect },
    {
      report,
      vm: vmOf(report, recorded.vm),
      text: page,
      pages: () => ({}),
      exit: statusOfFindings(answer.severities, { failOn: "error", complete: answer.complete }),
    },
  );
};
