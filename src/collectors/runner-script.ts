import type { FileRef } from "../evidence/reference.ts";
import {
  HYPERVISORS,
  type DirectRead,
  type Hypervisor,
  type Runner,
  type SecretChannel,
} from "../evidence/runner.ts";
import { hostPath, type HostPath } from "../vocabulary.ts";

/** What a runner's text says by itself; where it lies is the collector's to add. */
export type RunnerText = Pick<
  Runner,
  "channels" | "credentialsDirectory" | "hypervisor" | "notifies" | "reads"
>;

interface ScriptLine {
  readonly text: string;
  readonly ref: FileRef;
}

/**
 * Reads a `microvm-run` as data: which VMM it starts, and on which ways it carries secrets (lib/runner.nix and lib/runners/*.nix at
 * 71beea0, and the customised forms seen in the field). Nothing is executed; variables that hold a path are followed.
 */
export const readRunnerScript = (path: HostPath, script: string): RunnerText => {
  const lines = scriptLines(path, script);
  const aborts =
    lines.some(({ text }) => /^\s*set\s+-\w*e|^#!.*\s-\w*e/u.test(text)) ||
    /^#!.*\s-\w*e/u.test(script);
  const reads = lines.flatMap((line) => directReads(line, aborts));
  const directory = credentialsDirectory(lines, aborts);
  const hypervisor = hypervisorOf(lines);
  return {
    channels: lines.flatMap(channelsOf),
    reads,
    notifies: lines.some(({ text }) => text.includes("vmm.notify_socket")),
    ...(hypervisor === undefined ? {} : { hypervisor }),
    ...(directory === undefined ? {} : { credentialsDirectory: directory }),
  };
};

/** Lines without comments, variables that hold a path put in, each with its place. */
const scriptLines = (path: HostPath, script: string): readonly ScriptLine[] => {
  const variables = new Map<string, string>();
  return script.split("\n").flatMap((raw, index) => {
    if (/^\s*#(?!!)/u.test(raw)) return [];
    const text = raw.replace(
      /\$(?:\{(\w+)\}|(\w+))/gu,
      (whole, braced?: string, bare?: string) => variables.get(braced ?? bare ?? "") ?? whole,
    );
    const assignment =
      /^\s*(?:export\s+|local\s+|readonly\s+)?(?<name>\w+)=(?<quote>["']?)(?<value>\/[\w./@+-]+)\k<quote>\s*$/u.exec(
        text,
      )?.groups;
    if (assignment?.["name"] !== undefined && assignment["value"] !== undefined) {
      variables.set(assignment["name"], assignment["value"]);
    }
    return [{ text, ref: { kind: "file", path, line: index + 1, text: shortened(raw) } as const }];
  });
};

const MOST_QUOTED = 400;
const shortened = (text: string): string => {
  const trimmed = text.trim();
  return trimmed.length > MOST_QUOTED ? `${trimmed.slice(0, MOST_QUOTED)}...` : trimmed;
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

const channelsOf = (line: ScriptLine): readonly SecretChannel[] => [
  ...fwCfg(line),
  ...oemStrings(line),
  ...kernelCommandLine(line),
  ...ninePShares(line),
  ...argumentsScript(line),
];

const FW_CFG =
  /name=opt\/io\.systemd\.credentials\/(?<name>[\w.-]+),(?<form>file|string)=(?<value>[^'"\s]*)/gu;

const fwCfg = ({ text, ref }: ScriptLine): readonly SecretChannel[] =>
  [...text.matchAll(FW_CFG)].flatMap(({ groups }): SecretChannel[] => {
    const { name, form, value } = groups ?? {};
    if (name === undefined || value === undefined) return [];
    if (form === "string") return [{ kind: "fw-cfg-string", name, ref }];
    // QEMU doubles a comma that belongs to the value.
    const [own = ""] = value.split(/(?<!,),(?!,)/u);
    const path = own.replaceAll(",,", ",");
    return path.startsWith("/") ? [{ kind: "fw-cfg-file", name, path: hostPath(path), ref }] : [];
  });

const OEM =
  /io\.systemd\.credential(?:\.binary)?:(?!vmm\.notify_socket)(?<name>[\w.-]+|\$\{?\w+\}?)=(?<value>[^,\]\s]*)/gu;
/** Strings that are put together at run time, and their names with them. */
const OEM_VARIABLE = /oem_strings=\[?["']?\$|RUNTIME_OEM_STRINGS|MICROVM_PLATFORM_OPS/u;

const oemStrings = ({ text, ref }: ScriptLine): readonly SecretChannel[] => {
  const found = [...text.matchAll(OEM)].map((match) => ({
    name: match.groups?.["name"] ?? "",
    atRunTime:
      /[$`]/u.test(match.groups?.["value"] ?? "") && quotingAt(text, match.index) !== "single",
  }));
  const named = (atRunTime: boolean): readonly string[] =>
    found
      .filter((one) => one.atRunTime === atRunTime && !one.name.startsWith("$"))
      .map(({ name }) => name);
  if (/-smbios\b/u.test(text) && found.length > 0) {
    return [{ kind: "smbios-argument", names: found.map(({ name }) => name), ref }];
  }
  const variable =
    OEM_VARIABLE.test(text) && quotingAt(text, text.search(OEM_VARIABLE)) !== "single";
  return [
    ...(named(false).length > 0
      ? [{ kind: "oem-literal", names: named(false), ref } as const]
      : []),
    ...(found.some(({ atRunTime }) => atRunTime) || (variable && found.length === 0)
      ? [{ kind: "oem-runtime", names: named(true), ref } as const]
      : []),
  ];
};

const KERNEL_CREDENTIAL = /systemd\.set_credential(?:_binary)?=(?<name>[\w.-]+):/gu;

const kernelCommandLine = ({ text, ref }: ScriptLine): readonly SecretChannel[] => {
  const names = [...text.matchAll(KERNEL_CREDENTIAL)].flatMap(
    ({ groups }) => groups?.["name"] ?? [],
  );
  return names.length > 0 ? [{ kind: "kernel-command-line", names, ref }] : [];
};

const NINE_P = /-fsdev\s+'?local,[^'\s]*?path=(?<fsdev>[^,'\s]+)|--9p\s+'?(?<kvmtool>\/[^,'\s]+)/gu;

const ninePShares = ({ text, ref }: ScriptLine): readonly SecretChannel[] =>
  [...text.matchAll(NINE_P)].flatMap(({ groups }): SecretChannel[] => {
    const path = groups?.["fsdev"] ?? groups?.["kvmtool"];
    return path?.startsWith("/")
      ? [{ kind: "share", protocol: "9p", path: hostPath(path), ref }]
      : [];
  });

const ARGUMENTS_SCRIPT = /^\s*runtime_args=\$\((?<path>\/nix\/store\/[^\s)]+)/u;

const argumentsScript = ({ text, ref }: ScriptLine): readonly SecretChannel[] => {
  const path = ARGUMENTS_SCRIPT.exec(text)?.groups?.["path"];
  return path === undefined ? [] : [{ kind: "arguments-script", path: hostPath(path), ref }];
};

/** A program that copies a file's bytes, or the shell itself, with an absolute path that is no program's, device's or store's. */
const READ =
  /(?:\b(?:cat|head|tail|base64|tr|sed|jq|xxd|od|dd|source|read)\b[^|;&<>()]*?|<\s*|\$\(<\s*|if=)["']?(?<path>\/(?!nix\/store|proc\/|sys\/|dev\/|run\/credentials\/)[\w./@+-]+)/gu;

const directReads = (line: ScriptLine, aborts: boolean): readonly DirectRead[] =>
  [...line.text.matchAll(READ)].flatMap(({ groups }): DirectRead[] => {
    const path = groups?.["path"];
    if (path === undefined || !SECRET_PLACE.test(path)) return [];
    return [
      { path: hostPath(path), errorSwallowed: !aborts || swallowsErrors(line.text), ref: line.ref },
    ];
  });

/** Where secrets lie on a NixOS host, or a name that says so. */
const SECRET_PLACE =
  /^\/(?:run\/(?:secrets|agenix|user-secrets|partitioning-secrets|keys|vault)|etc\/(?:secret|credstore)|var\/lib\/(?:sops-nix|secrets|private)|persist|root|home|srv)|secret|passw|token|credential|\bkey|api[-_]?key/iu;

/**
 * bash ends on a failed `X=$(cat f)` under `set -e`, not on `export X=$(cat f)`, not where `||` catches it, and not where the
 * substitution stands inside another command's words (bash(1), "set -e").
 */
const swallowsErrors = (text: string): boolean => {
  if (/\|\|/u.test(text)) return true;
  if (/^\s*(?:export|local|declare|readonly|typeset)\s+\w+=/u.test(text)) return true;
  return /\$\(|`/u.test(text) && !/^\s*\w+=["']?(?:\$\(|`)/u.test(text);
};

const CREDENTIAL_ID = /\$\{?CREDENTIALS_DIRECTORY(?::?[-?][^}]*)?\}?["']?\/(?<id>[\w.-]+)/gu;
const CREDENTIAL_PATH = /\/run\/credentials\/microvm@[^/\s]+\.service\/(?<id>[\w.-]+)/gu;

const credentialsDirectory = (
  lines: readonly ScriptLine[],
  aborts: boolean,
): Runner["credentialsDirectory"] => {
  const using = lines.filter(({ text }) =>
    /CREDENTIALS_DIRECTORY|\/run\/credentials\/microvm@/u.test(text),
  );
  const [first] = using;
  if (first === undefined) return undefined;
  const ids = using.flatMap(({ text }) =>
    [...text.matchAll(CREDENTIAL_ID), ...text.matchAll(CREDENTIAL_PATH)].flatMap(
      ({ groups }) => groups?.["id"] ?? [],
    ),
  );
  const reading = using.find(({ text }) => /\b(?:cat|base64|tr|head)\b|</u.test(text)) ?? first;
  return {
    ids: [...new Set(ids)],
    ref: reading.ref,
    errorSwallowed: !aborts || swallowsErrors(reading.text),
  };
};

/** Which quotes of the shell stand around a place of a line. */
const quotingAt = (text: string, index: number): "single" | "double" | "none" => {
  let quote: "single" | "double" | "none" = "none";
  for (let at = 0; at < index; at += 1) {
    const character = text[at];
    if (character === "\\" && quote !== "single") at += 1;
    else if (character === "'" && quote !== "double")
      quote = quote === "single" ? "none" : "single";
    else if (character === '"' && quote !== "single")
      quote = quote === "double" ? "none" : "double";
  }
  return quote;
};
