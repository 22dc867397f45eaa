import { readdir, readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";

import * as v from "valibot";
import { parse } from "yaml";

import { changesSchema } from "./scenario-changes.ts";

const SCENARIOS = resolve(import.meta.dirname, "../scenarios");

const ids = v.array(v.string());

export const expectation = v.strictObject({
  /** The root causes, all of them and in this order. */
  rootCauses: v.optional(ids),
  firstRootCause: v.optional(v.string()),
  status: v.optional(v.picklist(["failing", "degraded", "healthy", "stopped", "unknown"])),
  /** Ids that must be among the findings; where nothing is said and the scenario fires, the rule's. */
  finds: v.optional(ids),
  /** Ids that must not be; where nothing is said and the scenario does not fire, the rule's. */
  lacks: v.optional(ids),
  roles: v.optional(v.record(v.string(), v.string()), {}),
  certainties: v.optional(v.record(v.string(), v.string()), {}),
  causedBy: v.optional(v.record(v.string(), ids), {}),
  stages: v.optional(v.record(v.string(), v.record(v.string(), v.string())), {}),
  everWorked: v.optional(v.picklist(["yes", "no", "unknown"])),
  exit: v.optional(v.number()),
  /** Texts that the JSON report must, or must not, hold anywhere. */
  says: v.optional(v.array(v.string()), []),
  hides: v.optional(v.array(v.string()), []),
});

const scenario = v.strictObject({
  name: v.string(),
  kind: v.picklist(["fires", "silent", "near-miss"]),
  /** The case of the corpus that this is: `O019`, or several. */
  case: v.optional(
    v.union([
      v.pipe(
        v.string(),
        v.transform((id) => [id]),
      ),
      v.array(v.string()),
    ]),
    [],
  ),
  host: v.string(),
  vm: v.optional(v.string(), "web"),
  changes: v.optional(changesSchema, {}),
  /** Half a second more: only where what references what in the store matters. */
  nixDatabase: v.optional(v.boolean(), false),
  /** Somebody sent the journal and nothing else: no file of the host can be looked at. */
  journalOnly: v.optional(v.boolean(), false),
  args: v.optional(v.array(v.string()), []),
  expect: v.optional(expectation, {}),
});

const scenarioFile = v.strictObject({
  /** Not given where the file is about hosts on which nothing is to be found. */
  rule: v.optional(v.string()),
  scenarios: v.pipe(v.array(scenario), v.minLength(1)),
});

export type ScenarioCase = v.InferOutput<typeof scenario> & {
  /** The rule, or the name of the file where it is about none. */
  readonly subject: string;
  /** The file, from `test/scenarios` on. */
  readonly file: string;
  readonly rule?: string;
};

/** All scenarios of `test/scenarios`, in the order of the files' names. */
export const loadScenarioCases = async (): Promise<readonly ScenarioCase[]> => {
  const files = (await readdir(SCENARIOS, { recursive: true }))
    .filter((file) => file.includes("/") && file.endsWith(".yaml"))
    .toSorted();
  const cases = await Promise.all(files.map(casesOf));
  return cases.flat();
};

const casesOf = async (file: string): Promise<readonly ScenarioCase[]> => {
  const place = join(SCENARIOS, file);
  const parsed = v.safeParse(scenarioFile, parse(await readFile(place, "utf8")));
  if (!parsed.success) {
    const issues = parsed.issues.map((issue) => `  ${v.getDotPath(issue) ?? ""}: ${issue.message}`);
    throw new Error(`${relative(process.cwd(), place)}:\n${issues.join("\n")}`);
  }
  const { rule, scenarios } = parsed.output;
  const subject = rule ?? file.replace(/\.yaml$/u, "");
  return scenarios.map((one) => ({
    ...one,
    subject,
    file,
    ...(rule === undefined ? {} : { rule }),
  }));
};
