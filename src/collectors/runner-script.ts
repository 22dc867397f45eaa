import { HYPERVISORS, type Hypervisor, type Runner } from "../evidence/runner.ts";
import type { FileRef } from "../evidence/reference.ts";
import { hostPath, type HostPath } from "../vocabulary.ts";
import { channelsOf, onlyReportsReadiness } from "./script-channels.ts";
import { credentialsDirectory, directReads, shellSettings } from "./script-reads.ts";
import { scriptLines, wordsOf, type ScriptLine } from "./script-text.ts";
import { assignmentsIn, unsetIn, type Assignments } from "./script-values.ts";

/** What a runner's text says by itself; where it lies is the collector's to add. */
export type RunnerText = Pick<
  Runner,
  | "channels"
  | "credentialsDirectory"
  | "environment"
  | "hypervisor"
  | "importRefused"
  | "machine"
  | "notifies"
  | "platforms"
  | "reads"
  | "stopsAtUnset"
> & {
  /** Files of the store that the script hands its work to: what stands in for the VMM, and the VMM's own configuration. */
  readonly goesOnIn: readonly HostPath[];
  /** It passes all its arguments on as they are, so that they stand beside its own. */
  readonly passesAllOn: boolean;
};

/**
 * Reads a `microvm-run` as data: which VMM it starts, and on which ways it carries secrets (lib/runner.nix and lib/runners/*.nix at
 * 71beea0, and the customised forms seen in the field). Nothing is executed; variables that hold a path are followed.
 */
export const readRunnerScript = (path: HostPath, script: string): RunnerText => {
  const lines = scriptLines(path, script);
  const settings = shellSettings(script, lines);
  const assignments = assignmentsIn(lines);
  const directory = credentialsDirectory(lines, settings);
  const hypervisor = hypervisorOf(lines);
  const machine = machineOf(lines);
  const platforms = platformsIn(lines);
  const environment = environmentOf(lines, assignments);
  const isReadiness = onlyReportsReadiness(lines);
  const importRefused = importRefusedIn(lines);
  return {
    channels: lines
      .flatMap((line) => channelsOf(line, assignments))
      .filter(
        (channel) => channel.kind !== "oem-runtime" || channel.names.length > 0 || !isReadiness,
      ),
    reads: lines.flatMap((line) => directReads(line, settings)),
    notifies: lines.some(({ text }) => text.includes("vmm.notify_socket")),
    goesOnIn: lines.flatMap(goesOnIn),
    passesAllOn: lines.some(({ text }) => /^\s*exec\b.*"\$@"/u.test(text)),
    ...(importRefused === undefined ? {} : { importRefused }),
    ...(hypervisor === undefined ? {} : { hypervisor }),
    ...(directory === undefined ? {} : { credentialsDirectory: directory }),
    ...(environment === undefined ? {} : { environment }),
    ...(machine === undefined ? {} : { machine }),
    ...(platforms.length === 0 ? {} : { platforms }),
    ...(settings.stopsAtUnset ? { stopsAtUnset: true } : {}),
  };
};

const environmentOf = (
  lines: readonly ScriptLine[],
  assignments: Assignments,
): Runner["environment"] => {
  const used = lines.flatMap((line) =>
    unsetIn(line.text, assignments).map(({ name, index }) => ({ name, ref: line.refAt(index) })),
  );
  const [first] = used;
  return first === undefined
    ? undefined
    : { names: [...new Set(used.map(({ name }) => name))], ref: first.ref };
};

/** Tokens of each VMM's command line; a wrapper's name may stand around them. */
const HYPERVISOR_TOKENS: Readonly<Record<Hypervisor, RegExp>> = {
  qemu: /qemu-system-\w+/u,
  "cloud-hypervisor": /cloud-hypervisor(?!-graphics)/u,
  firecracker: /\/firecracker\b|firecracker-[\w-]+\.json/u,
  crosvm: /\bcrosvm\b/u,
  kvmtool: /\blkvm\b/u,
  stratovirt: /\bstratovirt\b/u,
  alioth: /\balioth\b/u,
  vfkit: /\bvfkit\b/u,
};

const hypervisorOf = (lines: readonly ScriptLine[]): Hypervisor | undefined => {
  const started = lines.filter(({ text }) =>
    /^\s*exec\b|--platform|-fw_cfg|--kernel|-M /u.test(text),
  );
  return HYPERVISORS.find((name) => started.some(({ text }) => HYPERVISOR_TOKENS[name].test(text)));
};

/** `-M microvm,accel=...`, `-machine type=q35,...` (qemu(1)). */
const machineOf = (lines: readonly ScriptLine[]): string | undefined => {
  for (const { text } of lines) {
    const found =
      /\s-(?:M|machine)\s+["']?(?:type=)?(?<machine>[A-Za-z][\w.-]*)(?=[,"'\s]|$)/u.exec(
        text,
      )?.groups;
    if (found?.["machine"] !== undefined) return found["machine"];
  }
  return undefined;
};

/** The options of the one command that has most of them; a test for the option or a pattern of `case` is none. */
const platformsIn = (lines: readonly ScriptLine[]): readonly FileRef[] =>
  lines
    .filter(({ text }) => !/^\s*(?:if|elif|while|case|\[\[?|--platform\))|\bsed\b/u.test(text))
    .map((line) =>
      wordsOf(line.text)
        .filter(({ text }) => /^["']?--platform(?:["'\s=]|$)/u.test(text))
        .map(({ index }) => line.refAt(index)),
    )
    .reduce((most, one) => (one.length > most.length ? one : most), []);

/** systemd(1), kernel command line, in systemd's words for no; a machine of QEMU, or a platform of cloud-hypervisor, with memory that the host cannot read. */
const REFUSES = [
  { why: "disabled", pattern: /\bsystemd\.import_credentials=(?:no|0|false|off|n|f)\b/u },
  {
    why: "confidential",
    pattern: /\bconfidential-guest-support=|--platform\s+["']?[^"'\s]*\b(?:tdx|sev_snp)=on\b/u,
  },
] as const;

const importRefusedIn = (lines: readonly ScriptLine[]): Runner["importRefused"] => {
  for (const line of lines)
    for (const { why, pattern } of REFUSES) {
      const at = line.text.search(pattern);
      if (at >= 0) return { why, ref: line.refAt(at) };
    }
  return undefined;
};

const PROGRAM =
  /^["']?(?<path>\/nix\/store\/[^\s"']+\/bin\/[^\s"']+|\/[^\s"']+\/bin\/microvm-run)["']?$/u;
const CONFIGURATION = /--config-file\s+["']?(?<path>\/nix\/store\/[^\s"']+)/u;

/** The program of `exec -a NAME PROGRAM`, which may be a script that stands in for the VMM; firecracker's configuration. */
const goesOnIn = ({ text }: ScriptLine): readonly HostPath[] => {
  if (!/^\s*exec\b/u.test(text)) return [];
  const program = wordsOf(text)
    .map((word) => PROGRAM.exec(word.text)?.groups?.["path"])
    .find((path) => path !== undefined);
  const configuration = CONFIGURATION.exec(text)?.groups?.["path"];
  return [program, configuration].flatMap((path) => (path === undefined ? [] : [hostPath(path)]));
};
