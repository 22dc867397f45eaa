import type { PassedValue, SecretChannel } from "../evidence/runner.ts";
import { hostPath } from "../vocabulary.ts";
import { quotingAt, wordsOf, type ScriptLine } from "./script-text.ts";
import { passedValue, type Assignments } from "./script-values.ts";

/** The ways for secrets that one command line of a runner holds. */
export const channelsOf = (
  line: ScriptLine,
  assignments: Assignments,
): readonly SecretChannel[] => [
  ...fwCfg(line, assignments),
  ...oemStrings(line, assignments),
  ...smbiosFiles(line),
  ...kernelCommandLine(line, assignments),
  ...ninePShares(line),
  ...argumentsScript(line),
];

const FW_CFG =
  /name=opt\/io\.systemd\.credentials\/(?<name>[\w.@-]+),(?<form>file|string)=(?<path>(?:,,|[^,'"\s])*)/gu;

/** All of one argument make one item: QEMU takes the last name= and the last file= of it (qemu util/qemu-option.c). */
const fwCfg = (line: ScriptLine, assignments: Assignments): readonly SecretChannel[] =>
  wordsOf(line.text).flatMap(({ text, index }) => {
    const items = [...text.matchAll(FW_CFG)];
    return items.flatMap((item, at): SecretChannel[] => {
      const { name = "", form = "", path = "" } = item.groups ?? {};
      const begin = index + item.index + item[0].length - path.length;
      const ref = line.refAt(index + item.index);
      const overridden = at < items.length - 1 ? { overridden: true } : {};
      // QEMU doubles a comma that belongs to the value.
      const own = path.replaceAll(",,", ",");
      if (form === "file" && own.startsWith("/"))
        return [{ kind: "fw-cfg-file", name, path: hostPath(own), ref, ...overridden }];
      const value = passedValue(
        { line, index: begin, name, encoded: false, ends: /,/u },
        assignments,
      );
      return form === "string" || value.form === "unexpanded"
        ? [{ kind: "fw-cfg-string", name, value, ref, ...overridden }]
        : [];
    });
  });

const OEM =
  /io\.systemd\.credential(?<binary>\.binary)?:(?!vmm\.notify_socket)(?<name>[\w.@-]+|\$\{?[^=}\s]+\}?)=/gu;
/** Strings that are put together at run time, and their names with them. */
const OEM_VARIABLE = /oem_strings=\[?["']?\$|RUNTIME_OEM_STRINGS|MICROVM_PLATFORM_OPS/u;

const SMBIOS_FILE = /-smbios\s+["']?type=11,(?:[^\s"']*,)?path=(?<path>\/[^,"'\s]+)/gu;

const smbiosFiles = (line: ScriptLine): readonly SecretChannel[] =>
  [...line.text.matchAll(SMBIOS_FILE)].flatMap(({ groups, index }): SecretChannel[] =>
    groups?.["path"] === undefined
      ? []
      : [
          {
            kind: "smbios-argument",
            names: [],
            path: hostPath(groups["path"]),
            ref: line.refAt(index),
          },
        ],
  );

/** Where each `oem_strings=` of one option begins. */
const listsIn = (line: ScriptLine): readonly (readonly number[])[] =>
  wordsOf(line.text)
    .map(({ text, index }) =>
      [...text.matchAll(/\boem_strings=/gu)].map((list) => index + list.index),
    )
    .filter((lists) => lists.length > 1);

const oemStrings = (line: ScriptLine, assignments: Assignments): readonly SecretChannel[] => {
  const { text } = line;
  const lists = listsIn(line);
  const found = [...text.matchAll(OEM)].map((match) => ({
    index: match.index,
    value: {
      ...passedValue(
        {
          line,
          index: match.index + match[0].length,
          name: match.groups?.["name"] ?? "",
          encoded: match.groups?.["binary"] !== undefined,
          ends: /[\],]/u,
        },
        assignments,
      ),
      ...(lists.some((own) => match.index > (own[0] ?? Infinity) && match.index < (own.at(-1) ?? 0))
        ? { overridden: true }
        : {}),
    },
  }));
  const at = found[0]?.index ?? Math.max(0, text.search(OEM_VARIABLE));
  const values = found.map(({ value }) => value);
  if (/-smbios\b/u.test(text) && values.length > 0)
    return [{ kind: "smbios-argument", ...named(values), ref: line.refAt(at) }];
  const isPutTogether =
    OEM_VARIABLE.test(text) && quotingAt(text, text.search(OEM_VARIABLE)) !== "single";
  const fixed = values.filter((value) => !isFromRunTime(value, text));
  const expanded = values.filter((value) => isFromRunTime(value, text));
  return [
    ...(named(fixed).names.length > 0
      ? [{ kind: "oem-literal", ...named(fixed), ref: line.refAt(at) } as const]
      : []),
    ...(expanded.length > 0 || (isPutTogether && values.length === 0)
      ? [{ kind: "oem-runtime", ...named(expanded), ref: line.refAt(at) } as const]
      : []),
  ];
};

const OEM_VARIABLE_NAME =
  /oem_strings=\[?["']?\$\{?(?<list>\w+)|\b(?<known>RUNTIME_OEM_STRINGS|MICROVM_PLATFORM_OPS)\b/gu;
const ASSIGNED = /(?<=^|[\s;])(?<name>\w+)\+?=/gu;
const READINESS = /io\.systemd\.credential:vmm\.notify_socket=[^\s,"'\]]*/gu;

/** All that the script ever puts into its variables of SMBIOS strings is where to report readiness. */
export const onlyReportsReadiness = (lines: readonly ScriptLine[]): boolean => {
  const names = new Set(
    lines.flatMap(({ text }) =>
      [...text.matchAll(OEM_VARIABLE_NAME)].flatMap(
        ({ groups }) => groups?.["list"] ?? groups?.["known"] ?? [],
      ),
    ),
  );
  const rests = lines.flatMap(({ text }) => {
    const first = new Map<string, string>();
    for (const { groups, index, 0: whole } of text.matchAll(ASSIGNED)) {
      const name = groups?.["name"] ?? "";
      if (names.has(name) && !first.has(name)) first.set(name, text.slice(index + whole.length));
    }
    return [...first].map(([name, value]) => {
      const own = new RegExp(String.raw`\$\{?${name}(?::\+\$\{?${name}\}?,?)?\}?`, "gu");
      return value
        .replaceAll(READINESS, "")
        .replaceAll(own, "")
        .replaceAll(/[\s,;"'[\]]/gu, "");
    });
  });
  return rests.length > 0 && rests.every((rest) => rest === "" || rest === "oem_strings=");
};

/** A fixed value that comes by way of a variable is handed over at run time all the same. */
const isFromRunTime = ({ form, name }: PassedValue, text: string): boolean =>
  form === "expanded" ||
  (form === "literal" && new RegExp(String.raw`:${escaped(name)}=["']?\$`, "u").test(text));

const escaped = (text: string): string => text.replaceAll(/[$.*+?^{}()|[\]\\]/gu, String.raw`\$&`);

/** A name that is put together at run time is no name. */
const named = (
  values: readonly PassedValue[],
): { readonly names: readonly string[]; readonly values: readonly PassedValue[] } => {
  const known = values.filter(({ name }) => !name.startsWith("$"));
  return { names: known.map(({ name }) => name), values: known };
};

const KERNEL_CREDENTIAL = /systemd\.set_credential(?<binary>_binary)?=["']?(?<name>[\w.@-]+):/gu;

const kernelCommandLine = (
  line: ScriptLine,
  assignments: Assignments,
): readonly SecretChannel[] => {
  const found = [...line.text.matchAll(KERNEL_CREDENTIAL)];
  const [first] = found;
  if (first === undefined) return [];
  const values = found.map((match) =>
    passedValue(
      {
        line,
        index: match.index + match[0].length,
        name: match.groups?.["name"] ?? "",
        encoded: match.groups?.["binary"] !== undefined,
        ends: /\s/u,
      },
      assignments,
    ),
  );
  return [
    {
      kind: "kernel-command-line",
      names: values.map(({ name }) => name),
      values,
      ref: line.refAt(first.index),
    },
  ];
};

const NINE_P =
  /-fsdev\s+["']?local,[^"'\s]*?path=(?<fsdev>[^,"'\s]+)|--9p\s+["']?(?<kvmtool>\/[^,"'\s]+)|--shared-dir\s+["']?(?<crosvm>\/[^:"'\s]+):[^"'\s]*type=p9/gu;

const ninePShares = (line: ScriptLine): readonly SecretChannel[] =>
  [...line.text.matchAll(NINE_P)].flatMap(({ groups, index }): SecretChannel[] => {
    const path = groups?.["fsdev"] ?? groups?.["kvmtool"] ?? groups?.["crosvm"];
    return path?.startsWith("/")
      ? [{ kind: "share", protocol: "9p", path: hostPath(path), ref: line.refAt(index) }]
      : [];
  });

const ARGUMENTS_SCRIPT = /^\s*runtime_args=\$\(\s*(?<path>\/nix\/store\/[^\s)]+)/u;

const argumentsScript = (line: ScriptLine): readonly SecretChannel[] => {
  const path = ARGUMENTS_SCRIPT.exec(line.text)?.groups?.["path"];
  return path === undefined
    ? []
    : [{ kind: "arguments-script", path: hostPath(path), ref: line.ref }];
};
