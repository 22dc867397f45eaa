import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { canariesIn } from "../../support/canary.ts";
import {
  parseCheck,
  parseReport,
  vmOf,
  type JsonNextStart,
  type JsonReport,
} from "../../support/report-json.ts";
import type { Expected, GuestCase } from "./cases.ts";
import type { GuestHost } from "./host.ts";

/** How a case went: what mvdoctor said, and what of it is not as it was to be, a sentence each. */
export interface Verdict {
  readonly said: string;
  readonly differences: readonly string[];
}

/** Asks what the start will come to, starts, waits for the guest's word or for failures, and diagnoses beside it. */
export const tryCase = async (
  host: GuestHost,
  { name, expected, around, isLogged }: GuestCase,
  signal: AbortSignal,
): Promise<Verdict> => {
  if (around !== undefined) await host.inside("bash", "-c", around.before);
  const foretold = parseCheck((await host.doctor("check", name, "--json")).stdout);
  await host.inside("systemctl", "start", "--no-block", unitOf(name));
  await happened(host, name, expected, signal);
  const { report, differences } = await diagnosed(host, name, expected);
  if (around !== undefined) await host.inside("bash", "-c", around.after);
  const unlogged = isLogged === true && !(await isInJournal(host, name));
  return {
    said: saidOf(report, name),
    differences: [
      ...differencesOfCheck(expected, foretold),
      ...differences,
      ...(unlogged ? ["no byte of the secret is in the journal: nothing had to be masked"] : []),
    ],
  };
};

/** Stops the VM as systemd does, which lets its guest shut down, and diagnoses what is left. */
export const tryStopped = async (
  host: GuestHost,
  { name, expected }: GuestCase,
): Promise<Verdict> => {
  await host.inside("systemctl", "stop", unitOf(name));
  const { report, differences } = await diagnosed(host, name, { ...expected, status: "stopped" });
  return { said: saidOf(report, name), differences };
};

/** Ends a VM that nobody asks any more. */
export const stopVm = async (host: GuestHost, name: string): Promise<void> => {
  await host.inside("systemctl", "stop", "--no-block", unitOf(name));
  await host.inside("systemctl", "kill", "--signal=KILL", unitOf(name));
};

const unitOf = (name: string): string => `microvm@${name}.service`;

/** A guest without KVM, on a machine that does something else besides. */
const MOST_SECONDS = 240;
const ENOUGH_FAILURES = 3;

const happened = async (
  host: GuestHost,
  name: string,
  { guestSays }: Expected,
  signal: AbortSignal,
): Promise<void> => {
  const unit = unitOf(name);
  const lines = [`UNIT=${unit}`, "+", `_SYSTEMD_UNIT=${unit}`];
  for (let waited = 0; waited < MOST_SECONDS; waited += 1) {
    signal.throwIfAborted();
    const { stdout } = await host.inside("journalctl", "-o", "cat", "--no-pager", ...lines);
    const failures = stdout.split("Failed with result").length - 1;
    if (guestSays === undefined ? failures >= ENOUGH_FAILURES : /API_KEY = \d/u.test(stdout))
      return;
    await sleep(1000, undefined, { signal });
  }
  const { stdout } = await host.inside(
    "journalctl",
    "-o",
    "cat",
    "--no-pager",
    "-n",
    "30",
    ...lines,
  );
  throw new Error(`${name}: waited in vain for its guest; its journal ends:\n${stdout}`);
};

const isInJournal = async (host: GuestHost, name: string): Promise<boolean> => {
  const lines = ["-o", "export", "--all", `_SYSTEMD_UNIT=${unitOf(name)}`];
  const { stdout } = await host.inside("journalctl", "--no-pager", ...lines);
  return canariesIn(stdout).length > 0;
};

/** What else mvdoctor prints of a VM. Nothing of it may hold a byte of the secret. */
const PAGES: readonly (readonly string[])[] = [["diagnose"], ["report"], ["timeline"]];

/** Where the newest bundle is on the host. */
export const BUNDLE = "/tmp/evidence.mvb";

const diagnosed = async (
  host: GuestHost,
  name: string,
  expected: Expected,
): Promise<{ readonly report: JsonReport; readonly differences: readonly string[] }> => {
  const { stdout: text } = await host.doctor("diagnose", name, "--json");
  await host.doctor("collect", name, "--output-file", BUNDLE);
  const unpacked = (await host.inside("gzip", "-dc", BUNDLE)).stdout;
  const { stdout: replayed } = await host.doctor("diagnose", name, "--bundle", BUNDLE, "--json");
  const pages: [string, string][] = [
    ["diagnose --json", text],
    ["collect", unpacked],
  ];
  for (const [command = "", ...flags] of PAGES)
    pages.push([
      [command, ...flags].join(" "),
      (await host.doctor(command, name, ...flags)).stdout,
    ]);
  const report = parseReport(text);
  return {
    report,
    differences: [
      ...differencesOfReport(expected, report, name),
      ...differencesOfEvidence(expected, text, name),
      ...differencesOfBundle(report, parseReport(replayed), name),
      ...pages.flatMap(([page, shown]) =>
        shown === "" ? [`${page} prints nothing`] : leaksOf(page, shown),
      ),
    ],
  };
};

const saidOf = (report: JsonReport, name: string): string => {
  const { rootCauses, everWorked } = vmOf(report, name);
  const causes = rootCauses.join(", ");
  return causes === "" ? `ever worked: ${everWorked.answer}` : causes;
};

const leaksOf = (page: string, text: string): readonly string[] =>
  canariesIn(text).map(() => `bytes of the secret are in what ${page} prints`);

const differencesOfCheck = ({ foretold }: Expected, next: JsonNextStart): readonly string[] => [
  ...differs("check says", next.prediction, foretold.prediction),
  ...differs("check foretells", next.rootCauses, foretold.rootCauses),
];

const differencesOfReport = (
  { everWorked, status, rootCauses, stages, finds = [] }: Expected,
  report: JsonReport,
  name: string,
): readonly string[] => {
  const vm = vmOf(report, name);
  const rows = vm.stages.map((row): [string, string] => [
    row.secret,
    STAGES.map((stage) => row.stages[stage]).join(" "),
  ]);
  return [
    ...differs("ever worked", vm.everWorked.answer, everWorked),
    ...differs("status", vm.status, status),
    ...differs("root causes", vm.rootCauses, rootCauses),
    ...differs("stages", Object.fromEntries(rows), stages),
    ...differs("complete", report.complete, true),
    ...finds
      .filter((id) => !vm.findings.some((one) => one.id === id))
      .map((id) => `${id} is not found`),
  ];
};

const STAGES = ["source", "access", "credentials", "runner", "hypervisor", "guest"] as const;

/** The evidence as far as `everWorked` needs it. */
const evidenced = v.object({
  vms: v.array(
    v.object({ vm: v.string(), everWorked: v.object({ evidence: v.array(v.string()) }) }),
  ),
  evidence: v.array(
    v.object({ id: v.string(), kind: v.string(), text: v.optional(v.string(), "") }),
  ),
});

/** "Yes" hangs on the guest's own line and on nothing else; "no" on what was looked at. */
const differencesOfEvidence = (
  { everWorked, guestSays = "" }: Expected,
  text: string,
  name: string,
): readonly string[] => {
  const { vms, evidence } = v.parse(evidenced, JSON.parse(text));
  const ids = vms.find(({ vm }) => vm === name)?.everWorked.evidence ?? [];
  const cited = ids.flatMap((id) => evidence.filter((one) => one.id === id));
  if (everWorked === "yes") {
    const words = cited.filter((one) => one.kind === "journal" && one.text.includes(guestSays));
    return words.length > 0 && words.length === cited.length
      ? []
      : [`the answer yes hangs on ${JSON.stringify(cited)}, and not on the guest's own line`];
  }
  return cited.some(({ kind }) => kind === "coverage")
    ? []
    : [`the answer no hangs on ${JSON.stringify(cited)}, and on nothing that was looked at`];
};

const differencesOfBundle = (
  live: JsonReport,
  replayed: JsonReport,
  name: string,
): readonly string[] => {
  const essence = (report: JsonReport) => {
    const { status, rootCauses, everWorked, stages } = vmOf(report, name);
    return { status, rootCauses, everWorked: everWorked.answer, stages };
  };
  return differs("the bundle says", essence(replayed), essence(live));
};

const differs = (what: string, is: unknown, should: unknown): readonly string[] =>
  JSON.stringify(is) === JSON.stringify(should)
    ? []
    : [`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`];
