import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  parseChecks,
  parseReport,
  type JsonNextStart,
  type JsonReport,
  type JsonVm,
} from "../../support/report-json.ts";
import type { VmDescription } from "../nixos/description.ts";
import type { LabHost } from "../nixos/lab-host.ts";
import type { Failure, Until } from "./failure.ts";

/** How a failure went. */
export interface Verdict {
  readonly failure: Failure;
  readonly seconds: number;
  /** What mvdoctor said. */
  readonly said: string;
  /** What is not as it was to be, a sentence each. */
  readonly differences: readonly string[];
}

/**
 * Provokes failures side by side, each in a VM of its own on one host: asks ahead of the start what will be, starts, waits until it was
 * seen, and diagnoses on the host and from outside.
 */
export const tryFailures = async (
  host: LabHost,
  failures: readonly Failure[],
  { signal, captures }: { readonly signal: AbortSignal; readonly captures?: string },
): Promise<readonly Verdict[]> => {
  const names = failures.map(({ name }) => name);
  const secrets = failures.flatMap((failure) => failure.secrets ?? []);
  await host.rebuild({ vms: vmsOf(failures), secrets }, "switch");
  for (const { prepare } of failures) if (prepare !== undefined) await host.shell(prepare);

  const foretold = parseChecks(await said(host.doctorInside("check", ...names, "--json")));
  const seconds = new Map<string, number>();
  const inVain = new Map<string, string>();
  const waitFor = async (name: string, until: Until): Promise<void> => {
    const why = await waitedInVain(host, name, until, signal);
    if (why !== undefined) inVain.set(name, why);
  };
  await Promise.all(
    failures.map(async ({ name, start, until }) => {
      const began = performance.now();
      await host.shell(start ?? `systemctl start --no-block microvm@${name}.service`);
      await waitFor(name, until);
      seconds.set(name, (performance.now() - began) / 1000);
    }),
  );
  if (failures.some(({ later }) => later !== undefined))
    await host.rebuild({ vms: laterVmsOf(failures), secrets }, "switch");
  await Promise.all(
    failures.map(async ({ name, afterwards, atLast }) => {
      if (afterwards !== undefined) await host.shell(afterwards);
      if (atLast !== undefined) await waitFor(name, atLast);
    }),
  );

  if (captures !== undefined) {
    for (const name of names) await capture(host, name, captures);
  }
  const { inside, outside } = await bothReports(host, names);
  const wordless = new Map(
    await Promise.all(
      failures.map(async (failure) => [failure.name, await wordsLacking(host, failure)] as const),
    ),
  );
  const leaked = [inside, outside].some((report) => JSON.stringify(report).includes("CANARY"));
  return failures.map((failure) => {
    const of = <T extends { readonly vm: string }>(all: readonly T[]): T | undefined =>
      all.find(({ vm }) => vm === failure.name);
    const here = of(inside.vms);
    return {
      failure,
      seconds: seconds.get(failure.name) ?? 0,
      said: here?.rootCauses.join(", ") || "nothing",
      differences: [
        ...(leaked ? ["a secret's value is in a report"] : []),
        ...(inVain.get(failure.name)?.split("\n") ?? []),
        ...(wordless.get(failure.name) ?? []),
        ...differencesOfCheck(failure, of(foretold)),
        ...differencesOfReport(failure, here),
        ...differencesOfPlaces(failure, here, of(outside.vms)),
      ],
    };
  });
};

interface BothReports {
  readonly inside: JsonReport;
  readonly outside: JsonReport;
}

/** What is said on the host and from outside, of the same starts. */
const bothReports = async (host: LabHost, names: readonly string[]): Promise<BothReports> => {
  await atRest(host);
  const inside = parseReport(await said(host.doctorInside("diagnose", ...names, "--json")));
  const outside = parseReport(await said(host.doctorOutside("diagnose", ...names, "--json")));
  return { inside, outside };
};

/** No loop goes on between two reports that are to be compared: after the start that is under way, each waits for an hour. */
const atRest = async (host: LabHost): Promise<void> => {
  await host.shell(`
    for unit in microvm@ microvm-virtiofsd@; do
      mkdir -p /run/systemd/system/$unit.service.d
      printf '[Service]\\nRestartSec=1h\\n' > /run/systemd/system/$unit.service.d/zz-at-rest.conf
    done
    systemctl daemon-reload`);
  let before = "";
  for (let waited = 0; waited < MOST_SECONDS; waited += 6) {
    const starts = await host.shell(
      "systemctl show --property=InvocationID,ActiveState,SubState 'microvm*@*.service'; systemctl list-jobs --no-legend 'microvm*'",
    );
    if (starts === before && !/SubState=(?:start|stop)/u.test(starts)) return;
    before = starts;
    // Longer than RestartSec= of before, for those that wait for it still.
    await sleep(6000);
  }
};

const vmsOf = (failures: readonly Failure[]): Readonly<Record<string, VmDescription>> =>
  Object.fromEntries(failures.map(({ name, vm }) => [name, vm]));

const laterVmsOf = (failures: readonly Failure[]): Readonly<Record<string, VmDescription>> =>
  Object.fromEntries(
    failures.flatMap(({ name, vm, later = "as it was" }) =>
      later === "taken out" ? [] : [[name, later === "as it was" ? vm : later]],
    ),
  );

const said = async (running: ReturnType<LabHost["inside"]>): Promise<string> => {
  const { stdout, stderr, exitCode } = await running;
  if (stdout.startsWith("{")) return stdout;
  throw new Error(`mvdoctor ended with ${exitCode}: ${stdout}${stderr}`);
};

const MOST_SECONDS = 60;

/** Nothing once it has happened; after a while what was waited for in vain, and how the journal ends. */
const waitedInVain = async (
  host: LabHost,
  name: string,
  until: Until,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const unit = `microvm@${name}.service`;
  const what = "unit" in until ? until.unit : `${until.times} times ${until.line.source}`;
  for (let waited = 0; waited < MOST_SECONDS; waited += 1) {
    signal.throwIfAborted();
    if ("unit" in until) {
      const { stdout } = await host.inside("systemctl", "is-active", unit);
      if (stdout.trim() === until.unit) return undefined;
    } else {
      const lines = await host.shell(
        `journalctl -o cat --no-pager UNIT=${unit} + _SYSTEMD_UNIT=${unit}`,
      );
      if (lines.split("\n").filter((line) => until.line.test(line)).length >= until.times)
        return undefined;
    }
    await sleep(1000);
  }
  const journal = await host.shell(`journalctl -o cat --no-pager -n 8 -u ${unit}`);
  return `waited ${MOST_SECONDS} s in vain for: ${what}; the unit's last lines:\n${journal.trimEnd()}`;
};

/** What systemd was to say of it and did not. Some of its children do not name the unit, so the whole journal is asked. */
const wordsLacking = async (host: LabHost, { words }: Failure): Promise<readonly string[]> => {
  if (words === undefined) return [];
  const wanted =
    typeof words === "string" ? words : words[Number(host.systemd) < 259 ? "before259" : "from259"];
  const { stdout } = await host.inside("journalctl", "-o", "cat", "--no-pager");
  return stdout.includes(wanted) ? [] : [`the journal does not say: ${wanted}`];
};

/** The evidence of a VM as a bundle, and the journal of its host in journalctl's export format, where captures are kept. */
const capture = async (host: LabHost, name: string, captures: string): Promise<void> => {
  const [bundle, journal] = ["mvb", "export.gz"].map(
    (ending) => `${name}-${host.systemd}-${host.shape}.${ending}`,
  );
  await host.doctorInside("collect", name, "--output-file", `/root/${bundle}`);
  await host.shell(`journalctl --no-pager -o export | gzip -9n > /root/${journal}`);
  for (const file of [bundle, journal])
    await host.copyOut(`/root/${file}`, join(captures, `${file}`));
};

const differencesOfCheck = (
  { foretold }: Failure,
  next: JsonNextStart | undefined,
): readonly string[] => {
  if (next === undefined) return ["check does not know the VM"];
  const [wanted, prediction] =
    "cannot" in foretold
      ? [[], foretold.prediction]
      : [foretold, foretold.length > 0 ? ("no" as const) : ("yes" as const)];
  return [
    ...differs("check foretells", next.rootCauses, wanted),
    ...(prediction === undefined ? [] : differs("check says", next.prediction, prediction)),
  ];
};

const differencesOfReport = (
  { status, rootCauses, finds = [], stage, everWorked = "unknown" }: Failure,
  vm: JsonVm | undefined,
): readonly string[] => {
  if (vm === undefined) return ["diagnose does not know the VM"];
  const found = new Set(vm.findings.map(({ id }) => id));
  const broken = [
    ...new Set(
      vm.stages.flatMap(({ stages }) =>
        Object.entries(stages).flatMap(([name, state]) => (state === "broken" ? [name] : [])),
      ),
    ),
  ];
  return [
    ...differs("root causes", vm.rootCauses, rootCauses),
    ...differs("status", vm.status, status),
    ...([everWorked].flat().includes(vm.everWorked.answer)
      ? []
      : differs("ever worked", vm.everWorked.answer, everWorked)),
    ...(stage === undefined ? [] : differs("broken stages", broken, [stage])),
    ...finds.filter((id) => !found.has(id)).map((id) => `${id} is not found`),
  ];
};

/** On the host and from outside the same has to be said. */
const differencesOfPlaces = (
  { onlyInside = [] }: Failure,
  here: JsonVm | undefined,
  there: JsonVm | undefined,
): readonly string[] => {
  if (here === undefined || there === undefined) return ["one place does not know the VM"];
  const essence = ({ status, rootCauses, everWorked, findings, stages }: JsonVm) => ({
    status,
    "root causes": rootCauses,
    findings: findings
      .filter(({ id }) => !onlyInside.includes(id))
      .map(({ id, role }) => `${id} (${role})`)
      .toSorted(),
    stages,
    "ever worked": everWorked.answer,
  });
  const outside: Readonly<Record<string, unknown>> = essence(there);
  return Object.entries(essence(here)).flatMap(([what, value]) =>
    differs(`from outside, ${what}`, outside[what], value),
  );
};

/** What is not as it should be; of lists what lacks and what is too much. */
const differs = (what: string, is: unknown, should: unknown): readonly string[] => {
  if (JSON.stringify(is) === JSON.stringify(should)) return [];
  if (!Array.isArray(is) || !Array.isArray(should))
    return [`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`];
  const [found, wanted] = [is, should].map((list) =>
    list.map((one) => (typeof one === "string" ? one : JSON.stringify(one))),
  );
  const lacks = wanted?.filter((one) => found?.includes(one) !== true) ?? [];
  const more = found?.filter((one) => wanted?.includes(one) !== true) ?? [];
  if (lacks.length + more.length === 0) return [`${what}: in another order: ${found?.join(", ")}`];
  return [
    ...lacks.map((one) => `${what}: lacks ${one}`),
    ...more.map((one) => `${what}: has ${one} as well`),
  ];
};
