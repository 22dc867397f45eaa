import { REDACTABLE } from "../vocabulary.ts";

/** What a value is, for a shell that completes it and for a manual that names it. */
export type Value =
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** Words joined by commas. */
  | { readonly kind: "list"; readonly words: readonly string[] }
  | { readonly kind: "vms" | "rules" | "files" | "directories" | "hosts" | "free" };

export interface DescribedFlag {
  /** Without the dashes. */
  readonly name: string;
  readonly char: string | undefined;
  readonly summary: string;
  /** The heading that it stands under in `--help`. */
  readonly group: string;
  /** Absent where the flag takes none. */
  readonly value: (Value & { readonly placeholder: string }) | undefined;
  readonly multiple: boolean;
  /** Flags that it cannot stand beside. */
  readonly exclusive: readonly string[];
}

export interface DescribedArgument {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly multiple: boolean;
  readonly value: Value;
}

export interface DescribedCommand {
  readonly id: string;
  readonly summary: string;
  readonly args: readonly DescribedArgument[];
  readonly flags: readonly DescribedFlag[];
}

/** What oclif's manifest and its classes of commands have in common, as far as it is told here. */
export interface OclifCommand {
  readonly id: string;
  readonly summary?: string | undefined;
  readonly hidden?: boolean | undefined;
  readonly args?: Readonly<Record<string, OclifArgument>> | undefined;
  readonly flags?: Readonly<Record<string, OclifFlag>> | undefined;
}

interface OclifArgument {
  readonly description?: string | undefined;
  readonly required?: boolean | undefined;
  readonly multiple?: boolean | undefined;
  readonly options?: readonly string[] | undefined;
}

interface OclifFlag {
  readonly type: "boolean" | "option";
  readonly char?: string | undefined;
  readonly summary?: string | undefined;
  readonly helpGroup?: string | undefined;
  readonly helpValue?: string | readonly string[] | undefined;
  readonly hidden?: boolean | undefined;
  readonly multiple?: boolean | undefined;
  readonly options?: readonly string[] | undefined;
  readonly exclusive?: readonly (string | { readonly name: string })[] | undefined;
}

/** All commands in the order of their names, with what each takes. */
export const describeCommands = (commands: readonly OclifCommand[]): readonly DescribedCommand[] =>
  commands
    .filter(({ hidden }) => hidden !== true)
    .map(({ id, summary = "", args = {}, flags = {} }) => ({
      id,
      summary,
      args: Object.entries(args).map(([name, argument]) => describeArgument(name, argument)),
      flags: Object.entries(flags)
        .filter(([, { hidden }]) => hidden !== true)
        .map(([name, flag]) => describeFlag(name, flag)),
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));

const describeArgument = (
  name: string,
  { description = "", required = false, multiple = false, options }: OclifArgument,
): DescribedArgument => ({
  name,
  description,
  required,
  multiple,
  value: options === undefined ? (ARGUMENTS[name] ?? FILES) : { kind: "words", words: options },
});

const describeFlag = (name: string, flag: OclifFlag): DescribedFlag => {
  const { char, summary = "", helpGroup = "", multiple = false, exclusive = [] } = flag;
  return {
    name,
    char,
    summary,
    group: helpGroup,
    value: flag.type === "boolean" ? undefined : valueOf(flag),
    multiple,
    exclusive: exclusive.map((other) => (typeof other === "string" ? other : other.name)),
  };
};

const valueOf = ({ options, helpValue }: OclifFlag): DescribedFlag["value"] => {
  const placeholder = typeof helpValue === "string" ? helpValue : (helpValue?.[0] ?? "VALUE");
  const value: Value =
    options === undefined ? (PLACEHOLDERS[placeholder] ?? FREE) : { kind: "words", words: options };
  return { ...value, placeholder };
};

const FILES: Value = { kind: "files" };
const FREE: Value = { kind: "free" };

/** What arguments are, by name; any other is a file. */
const ARGUMENTS: Readonly<Record<string, Value>> = {
  vm: { kind: "vms" },
  id: { kind: "rules" },
};

/** What flags take, by the word that stands for it in `--help`; anything else nobody can guess. */
const PLACEHOLDERS: Readonly<Record<string, Value>> = {
  DIR: { kind: "directories" },
  FILE: FILES,
  GLOB: FILES,
  "[USER@]HOST": { kind: "hosts" },
  KINDS: { kind: "list", words: REDACTABLE },
};
