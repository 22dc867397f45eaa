import type { TreeNode } from "./file-tree.ts";
import type { JournalEntry } from "./journal-entries.ts";

/** Stands where a value may stand and must go no further; made so that no name, size or path tells what it is. */
const planted = (where: string): string => `CANARY-in-${where}`;

const IN_UNIT = `
[Service]
Environment=HUE=${planted("environment")} "SHADE=${planted("quoted-environment")} and more"
`;

/** Behind what the script runs, so that no rule asks what it does. */
const IN_SCRIPT = `
exit 0
HUE=${planted("script")}
export shade='${planted("exported")}'
env -i hue=${planted("env")} : --platform oem_strings=[hue=${planted("oem-string")}]
`;

/** Takes the files of a host; gives them with values in each unit and script that mvdoctor may read. */
export const withPlantedFiles = (nodes: readonly TreeNode[]): readonly TreeNode[] =>
  nodes.map((node) => {
    if (node.content.kind !== "file") return node;
    const text = node.content.bytes.toString("utf8");
    const more = plantedIn(node.path, text);
    return more === ""
      ? node
      : { ...node, content: { kind: "file", bytes: Buffer.from(text + more) } };
  });

const plantedIn = (path: string, text: string): string => {
  if (/\.(?:service|conf)$/u.test(path) && text.includes("[Service]")) return IN_UNIT;
  return text.startsWith("#!") ? IN_SCRIPT : "";
};

/** Takes the entries of a journal; gives them with values in fields that journald adds, and that any program may log. */
export const withPlantedFields = (entries: readonly JournalEntry[]): readonly JournalEntry[] =>
  entries.map((entry) => ({
    ...entry,
    fields: {
      ...entry.fields,
      _CMDLINE: `run ${planted("command-line")}`,
      COREDUMP_ENVIRON: `HUE=${planted("core-environment")}`,
      HUE: planted("field"),
    },
  }));
