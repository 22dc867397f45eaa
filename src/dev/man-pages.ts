import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import packageJson from "../../package.json" with { type: "json" };
import {
  describeCommands,
  type DescribedArgument,
  type DescribedCommand,
  type DescribedFlag,
  type OclifCommand,
} from "../command-line/command-line.ts";
import { catalogue } from "../index.ts";
import { COMMAND_TEXTS } from "./command-texts.ts";
import { commands as commandLines, header, list, prose, seeAlso, words } from "./mdoc.ts";

const COMMANDS = new URL("../../commands/", import.meta.url);
const PACKAGE = new URL("../../package.json", import.meta.url);
const FOLDER = new URL("../../docs/man/", import.meta.url);
const release = packageJson.version;

/** The pages of the manual by their file's name, from the commands, the rules and the texts beside this file. */
export const manPages = async (): Promise<ReadonlyMap<string, string>> => {
  const described = describeCommands(await commandsOf(COMMANDS));
  return new Map(
    [
      ["mvdoctor.1", programPage(described)] as const,
      ...described.map((command) => [`mvdoctor-${command.id}.1`, commandPage(command)] as const),
      ["mvdoctor-config.5", configPage()] as const,
      ["mvdoctor-rules.7", rulesPage()] as const,
    ].map(([name, lines]) => [name, `${lines.join("\n")}\n`]),
  );
};

const commandsOf = async (folder: URL): Promise<readonly OclifCommand[]> => {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".ts"));
  return Promise.all(
    files.map(async (file) => {
      const { default: command }: { readonly default: OclifCommand } = await import(
        new URL(file, folder).href
      );
      const { summary, hidden, args, flags } = command;
      return { id: file.slice(0, -".ts".length), summary, hidden, args, flags };
    }),
  );
};

const programPage = (described: readonly DescribedCommand[]): readonly string[] => [
  ...header({ title: "mvdoctor", section: 1, summary: packageJson.description, release }),
  ".Sh SYNOPSIS",
  ".Nm",
  ".Ar command",
  ".Op Ar argument ...",
  ".Op Ar option ...",
  ".Sh DESCRIPTION",
  prose(
    "Secrets for microVMs of microvm.nix come from sops-nix, agenix or clan, are carried by systemd or a runner script, and are shown to the guest by the hypervisor. Where that breaks, mvdoctor collects the evidence, lets rules reason over it, and says what happened when, what caused what, what is proven and what is not, whether it ever worked, and what would repair it.",
  ),
  ".Pp",
  prose(
    "It reads, and changes nothing on the host. It never opens a secret: it looks at owners, modes and sizes. What others logged of a value is masked.",
  ),
  ".Pp",
  "The commands are:",
  ...list(
    described.map(({ id, summary }) => [`Xr mvdoctor-${id} 1`, prose(`${capital(summary)}.`)]),
  ),
  ".Sh ENVIRONMENT",
  ...list([
    [
      "Ev NO_COLOR , Ev SYSTEMD_COLORS , Ev TERM",
      prose(
        "No colour where the first is not empty, the second is off, or the third is dumb; nor where standard output is no terminal.",
      ),
    ],
  ]),
  ".Sh FILES",
  ...list([
    [
      "Pa /etc/mvdoctor/config.json",
      "What is known and accepted for a while, see",
      ".Xr mvdoctor-config 5 .",
    ],
  ]),
  ...exitStatus,
  ".Sh EXAMPLES",
  ...examples("diagnose"),
  ...seeAlso([
    ...described.map(({ id }) => [`mvdoctor-${id}`, 1] as const),
    ["journalctl", 1],
    ["mvdoctor-config", 5],
    ["mvdoctor-rules", 7],
    ["systemd.time", 7],
  ]),
];

const commandPage = (command: DescribedCommand): readonly string[] => {
  const { id, summary, args, flags } = command;
  const title = `mvdoctor-${id}`;
  const text = COMMAND_TEXTS[id];
  const groups = [...new Set(flags.map(({ group }) => group))];
  return [
    ...header({ title, section: 1, summary, release }),
    ".Sh SYNOPSIS",
    `.Nm mvdoctor ${id}`,
    ...args.map(argument),
    ...(flags.length === 0 ? [] : [".Op Ar option ..."]),
    ".Sh DESCRIPTION",
    prose(`${capital(summary)}.`),
    ...(text?.description ?? []).flatMap((paragraph) => [".Pp", prose(paragraph)]),
    ...groups.flatMap((group) => [
      `.Ss Options: ${group.toLowerCase()}`,
      ...list(flags.filter((flag) => flag.group === group).map(option)),
    ]),
    ...exitStatus,
    ...((text?.examples ?? []).length === 0 ? [] : [".Sh EXAMPLES", ...examples(id)]),
    ...seeAlso([
      ["mvdoctor", 1],
      ["mvdoctor-rules", 7],
    ]),
  ];
};

const argument = ({ name, required, multiple }: DescribedArgument): string => {
  const word = `Ar ${name === "vm" || name === "id" ? name.toUpperCase() : name}${multiple ? " ..." : ""}`;
  return required ? `.${word}` : `.Op ${word}`;
};

const option = (flag: DescribedFlag): readonly [string, ...string[]] => {
  const { name, char, summary, value, exclusive } = flag;
  const shown = value === undefined ? "" : ` Ar ${words(value.placeholder)}`;
  const long = `Fl -${name}${shown === "" ? "" : ` Ns =${shown.replace(" Ar", " Ns Ar")}`}`;
  return [
    char === undefined ? long : `Fl ${char}${shown} , ${long}`,
    prose(`${capital(summary)}.`),
    ...(exclusive.length === 0
      ? []
      : [prose(`Not together with ${exclusive.map((other) => `--${other}`).join(", ")}.`)]),
  ];
};

const examples = (id: string): readonly string[] =>
  (COMMAND_TEXTS[id]?.examples ?? [])
    .flatMap(([what, command]) => [`${prose(what)}:`, ...commandLines([command]), ".Pp"])
    .slice(0, -1);

const exitStatus: readonly string[] = [
  ".Sh EXIT STATUS",
  ...list(
    [
      ["0", "Looked, and found nothing at or above `--fail-on`."],
      ["1", "Findings at or above it."],
      ["2", "Wrong usage."],
      ["3", "Not everything could be looked at, and nothing was found."],
      ["4", "No such VM."],
      ["5", "A bundle is damaged or of an unknown version."],
      ["70", "A bug in mvdoctor."],
      ["130", "Interrupted."],
    ].map(([status = "", meaning = ""]) => [status, prose(meaning)]),
  ),
];

const rulesPage = (): readonly string[] => {
  const rules = catalogue();
  const groups = [...new Set(rules.map(({ id }) => id.slice(0, id.indexOf("/"))))];
  return [
    ...header({
      title: "mvdoctor-rules",
      section: 7,
      summary: "what mvdoctor can find, and what proves it",
      release,
    }),
    ".Sh DESCRIPTION",
    prose(
      "A rule judges evidence. Its id has a group, which is the stage of the way of a secret where it stops, and a name for what is broken. `mvdoctor explain` ID shows more of each.",
    ),
    ...groups.flatMap((group) => [
      `.Ss ${group}`,
      ...list(
        rules
          .filter(({ id }) => id.startsWith(`${group}/`))
          .map(({ id, severity, what, why, proof, ruledOut, repair }) => [
            `Sy ${id} ( ${severity} )`,
            prose(what),
            ".Pp",
            prose(why),
            ".Pp",
            prose(`Proof: ${proof}`),
            ".Pp",
            prose(`Ruled out: ${ruledOut}`),
            ".Pp",
            prose(`Repair: ${repair}`),
          ]),
      ),
    ]),
    ...seeAlso([
      ["mvdoctor", 1],
      ["mvdoctor-explain", 1],
      ["mvdoctor-rules", 1],
    ]),
  ];
};

const configPage = (): readonly string[] => [
  ...header({
    title: "mvdoctor-config",
    section: 5,
    summary: "findings that are known and accepted for a while",
    release,
  }),
  ".Sh SYNOPSIS",
  ".Pa /etc/mvdoctor/config.json",
  ".Sh DESCRIPTION",
  prose(
    "JSON: an object with one key, `suppress`, a list of objects. It is read on the machine that looks, whichever host is looked at; `--config` names another file. Evidence cannot bring a configuration: a host that is looked at hides nothing.",
  ),
  ".Pp",
  "The keys of each object are:",
  ...list([
    ["Cm rule", prose("Required. The id of a rule, or a group such as `access/*`.")],
    ["Cm vm", prose("One VM. Without it, all.")],
    [
      "Cm path",
      prose(
        "A pattern for the path that a finding is about: `*` and `?` stop at a slash, `**` does not. Of several paths all have to match.",
      ),
    ],
    ["Cm reason", prose("Required. Why that is accepted.")],
    [
      "Cm until",
      prose("Required. The last day, as `2026-12-31`, in the zone of the host that is looked at."),
    ],
  ]),
  ".Pp",
  prose(
    "A suppressed finding counts neither for the exit status nor for the status of the VM, and is listed in every report with its reason. From the day after the last on it counts again. A file that is wrong in any way ends a command with 2 and suppresses nothing.",
  ),
  ".Sh EXAMPLES",
  ".Bd -literal -offset indent",
  ...JSON.stringify(
    {
      suppress: [
        {
          rule: "access/file-mode",
          vm: "test-vm",
          reason: "The new owner comes with the next release.",
          until: "2026-12-31",
        },
      ],
    },
    undefined,
    2,
  ).split("\n"),
  ".Ed",
  ...seeAlso([
    ["mvdoctor", 1],
    ["mvdoctor-rules", 7],
  ]),
];

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

if (import.meta.main) {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  const pages = await manPages();
  for (const [name, text] of pages) await writeFile(new URL(name, FOLDER), text);
  const man = [...pages.keys()].map((name) => `docs/man/${name}`).toSorted();
  await writeFile(PACKAGE, `${JSON.stringify({ ...packageJson, man }, undefined, 2)}\n`);
}
