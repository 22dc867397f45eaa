import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  parseChecks,
  parseReport,
  type JsonNextStart,
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
  const seconds = new Map(
    await Promise.all(
      failures.map(async ({ name, start, until }): Promise<[string, number]> => {
        const began = performance.now();
        await host.shell(start ?? `systemctl start --no-block microvm@${name}.service`);
        await happened(host, name, until, signal);
        return [name, (performance.now() - began) / 1000];
      }),
    ),
  );
  if (failures.some(({ later }) => later !== undefined))
    await host.rebuild({ vms: laterVmsOf(failures), secrets }, "switch");
  await Promise.all(
    failures.map(async ({ name, then, atLast }) => {
      if (then !== undefined) await host.shell(then);
      if (atLast !== undefined) await happened(host, name, atLast, signal);
    }),
  );

  const inside = await said(host.doctorInside("diagnose", ...names, "--json"));
  const outside = await said(host.doctorOutside("diagnose", ...names, "--json"));
  if (captures !== undefined) {
    for (const name of names) await capture(host, name, captures);
  }
  const leaked = [inside, outside].some((text) => text.includes("CANARY"));
  return failures.map((failure) => {
    const of = <T extends { readonly vm: string }>(all: readonly T[]): T | undefined =>
      all.find(({ vm }) => vm === failure.name);
    const [here, there] = [parseReport(inside), parseReport(outside)].map(({ vms }) => of(vms));
    return {
      failure,
      seconds: seconds.get(failure.name) ?? 0,
      said: here?.rootCauses.join(", ") || "nothing",
      differences: [
        ...(leaked ? ["a secret's value is in a report"] : []),
        ...differencesOfCheck(failure, of(foretold)),
        ...differencesOfReport(failure, here),
        ...differencesOfPlaces(here, there),
      ],
    };
  });
};

const vmsOf = (failures: readonly Failure[]): Readonly<Record<string, VmDescription>> =>
  Object.fromEntries(failures.map(({ name, vm }) => [name, vm]));

const laterVmsOf = (failures: readonly Failure[]): Readonly<Record<string, VmDescription>> =>
  Object.fromEntries(
    failures.flatMap(({ name, vm, later = vm }) => (later === null ? [] : [[name, later]])),
  );

const said = async (running: ReturnType<LabHost["inside"]>): Promise<string> => {
  const { stdout, stderr, exitCode } = await running;
  if (stdout.startsWith("{")) return stdout;
  throw new Error(`mvdoctor ended with ${exitCode}: ${stdout}${stderr}`);
};

const MOST_SECONDS = 90;

const happened = async (
  host: LabHost,
  name: string,
  until: Until,
  signal: AbortSignal,
): Promise<void> => {
  const unit = `microvm@${name}.service`;
  for (let waited = 0; waited < MOST_SECONDS; waited += 1) {
    signal.throwIfAborted();
    if ("unit" in until) {
      const { stdout } = await host.inside("systemctl", "is-active", unit);
      if (stdout.trim() === until.unit) return;
    } else {
      const lines = await host.shell(
        `journalctl -o cat --no-pager UNIT=${unit} + _SYSTEMD_UNIT=${unit}`,
      );
      if (lines.split("\n").filter((line) => until.line.test(line)).length >= until.times) return;
    }
    await sleep(1000);
  }
  const journal = await host.shell(`journalctl -o cat --no-pager -n 20 -u ${unit}`);
  throw new Error(
    `${name}: waited in vain for ${JSON.stringify(until)}; its journal ends:\n${journal}`,
  );
};

/** The evidence of a VM as a bundle, where captures are kept. */
const capture = async (host: LabHost, name: string, captures: string): Promise<void> => {
  const file = `${host.systemd}-${host.shape}-${name}.mvb`;
  await host.doctorInside("collect", name, "--output-file", `/root/${file}`);
  await host.copyOut(`/root/${file}`, join(captures, file));
};

const differencesOfCheck = (
  { foretold }: Failure,
  next: JsonNextStart | undefined,
): readonly string[] => {
  if (next === undefined) return ["check does not know the VM"];
  const wanted = "cannot" in foretold ? [] : foretold;
  const differences = differs("check foretells", next.rootCauses, wanted);
  return wanted.length > 0 && next.prediction !== "no"
    ? [...differences, `check says ${next.prediction} where it should say no`]
    : differences;
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
    ...differs("ever worked", vm.everWorked.answer, everWorked),
    ...(stage === undefined ? [] : differs("broken stages", broken, [stage])),
    ...finds.filter((id) => !found.has(id)).map((id) => `${id} is not found`),
  ];
};

/** On the host and from outside the same has to be said. */
const differencesOfPlaces = (
  here: JsonVm | undefined,
  there: JsonVm | undefined,
): readonly string[] => {
  if (here === undefined || there === undefined) return ["one place does not know the VM"];
  const essence = ({ status, rootCauses, everWorked, findings, stages }: JsonVm) => ({
    status,
    "root causes": rootCauses,
    findings: findings.map(({ id, role }) => `${id} (${role})`).toSorted(),
    stages,
    "ever worked": everWorked.answer,
  });
  const outside: Readonly<Record<string, unknown>> = essence(there);
  return Object.entries(essence(here)).flatMap(([what, value]) =>
    differs(`from outside, ${what}`, outside[what], value),
  );
};

const differs = (what: string, is: unknown, should: unknown): readonly string[] =>
  JSON.stringify(is) === JSON.stringify(should)
    ? []
    : [`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`];
