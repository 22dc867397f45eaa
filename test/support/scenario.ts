import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import * as v from "valibot";
import { parse } from "yaml";

import { type Scenario, scenarioSchema } from "./scenario-schema.ts";

const INCIDENTS = resolve(import.meta.dirname, "../../fixtures/incidents");

const VM = "${vm}";

const anyMap = v.record(v.string(), v.unknown());

const variantSchema = v.strictObject({
  extends: v.string(),
  title: v.string(),
  changes: v.strictObject({
    files: v.optional(anyMap, {}),
    store: v.optional(anyMap, {}),
    generations: v.optional(anyMap, {}),
    journal: v.optional(
      v.strictObject({
        until: v.optional(v.string()),
        drop: v.optional(v.array(v.unknown())),
        senders: v.optional(anyMap, {}),
        add: v.optional(v.array(v.unknown()), []),
      }),
      {},
    ),
  }),
});

/** What a variant may change of the scenario that it extends, and the VMs; all else is passed through. */
const baseSchema = v.looseObject({
  vms: v.array(v.string()),
  files: anyMap,
  store: anyMap,
  generations: anyMap,
  journal: v.looseObject({ senders: anyMap, events: v.array(v.unknown()) }),
});

/**
 * Reads `fixtures/incidents/NAME/scenario.yaml`, or `fixtures/incidents/NAME.yaml` for a variant such as
 * `secret-never-loaded/journal-hole`, or the given file if the name ends in `.yaml`.
 */
export const loadScenario = async (name: string): Promise<Scenario> => {
  const file = name.endsWith(".yaml")
    ? resolve(name)
    : join(INCIDENTS, name.includes("/") ? `${name}.yaml` : `${name}/scenario.yaml`);
  const { vms, store, ...rest } = v.parse(baseSchema, await readLayered(file));
  const parsed = v.safeParse(scenarioSchema, { ...rest, vms, store: forEachVm(store, vms) });
  if (parsed.success) return parsed.output;
  throw new Error(`${file}:\n${parsed.issues.map(describeIssue).join("\n")}`);
};

const readLayered = async (file: string): Promise<unknown> => {
  const document: unknown = parse(await readFile(file, "utf8"));
  if (!v.is(v.looseObject({ extends: v.string() }), document)) return document;
  const { extends: parent, title, changes } = v.parse(variantSchema, document);
  const base = v.parse(baseSchema, await readLayered(join(dirname(file), parent)));
  const { add, senders, ...journal } = changes.journal;
  return {
    ...base,
    title,
    files: { ...base.files, ...changes.files },
    store: { ...base.store, ...changes.store },
    generations: { ...base.generations, ...changes.generations },
    journal: {
      ...base.journal,
      ...journal,
      senders: { ...base.journal.senders, ...senders },
      events: [...base.journal.events, ...add],
    },
  };
};

/** An entry with `${vm}` in its key stands for one per VM; an entry that names a VM itself wins over that. */
const forEachVm = (
  entries: Readonly<Record<string, unknown>>,
  vms: readonly string[],
): Record<string, unknown> => {
  const general = Object.entries(entries).filter(([key]) => key.includes(VM));
  const specific = Object.entries(entries).filter(([key]) => !key.includes(VM));
  const expanded = vms.flatMap((vm) =>
    general.map(([key, value]): [string, unknown] => [
      key.replaceAll(VM, vm),
      JSON.parse(JSON.stringify(value).replaceAll(VM, vm)),
    ]),
  );
  return Object.fromEntries([...expanded, ...specific]);
};

const describeIssue = (issue: v.BaseIssue<unknown>): string => {
  const path = v.getDotPath(issue) ?? "(scenario)";
  // A union says only that nothing fitted; what it has inside says why.
  return [issue, ...(issue.issues ?? [])].map(({ message }) => `  ${path}: ${message}`).join("\n");
};
