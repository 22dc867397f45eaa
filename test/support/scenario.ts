import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import * as v from "valibot";
import { parse } from "yaml";

import {
  applyChanges,
  baseSchema,
  type Base,
  type Changes,
  changesSchema,
} from "./scenario-changes.ts";
import { type Scenario, scenarioSchema } from "./scenario-schema.ts";

const INCIDENTS = resolve(import.meta.dirname, "../../fixtures/incidents");
const HOSTS = resolve(import.meta.dirname, "../../fixtures/hosts");

const VM = "${vm}";

const variantSchema = v.strictObject({
  extends: v.string(),
  title: v.string(),
  changes: changesSchema,
});

/**
 * Reads `fixtures/incidents/NAME/scenario.yaml`, or `fixtures/incidents/NAME.yaml` for a variant such as
 * `secret-never-loaded/journal-hole`, or the given file if the name ends in `.yaml`.
 */
export const loadScenario = async (name: string): Promise<Scenario> => {
  const file = name.endsWith(".yaml")
    ? resolve(name)
    : join(INCIDENTS, name.includes("/") ? `${name}.yaml` : `${name}/scenario.yaml`);
  return complete(await readLayered(file), file);
};

/** The host `fixtures/hosts/NAME.yaml` with changes. */
export const hostWith = async (name: string, changes: Changes): Promise<Scenario> => {
  const file = join(HOSTS, `${name}.yaml`);
  return complete(applyChanges(await readLayered(file), changes), file);
};

const complete = ({ vms, store, ...rest }: Base, file: string): Scenario => {
  const parsed = v.safeParse(scenarioSchema, { ...rest, vms, store: forEachVm(store, vms) });
  if (parsed.success) return parsed.output;
  throw new Error(`${file}:\n${parsed.issues.map(describeIssue).join("\n")}`);
};

/** Bases are read once for all scenarios that start from them; changes never touch what they are applied to. */
const read = new Map<string, Promise<Base>>();

const readLayered = (file: string): Promise<Base> => {
  const known = read.get(file) ?? readAnew(file);
  read.set(file, known);
  return known;
};

const readAnew = async (file: string): Promise<Base> => {
  const document: unknown = parse(await readFile(file, "utf8"));
  if (!v.is(v.looseObject({ extends: v.string() }), document)) return v.parse(baseSchema, document);
  const { extends: parent, title, changes } = v.parse(variantSchema, document);
  const base = await readLayered(join(dirname(file), parent));
  return { ...applyChanges(base, changes), title };
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
