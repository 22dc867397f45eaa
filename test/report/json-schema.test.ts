import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { jsonSchemas } from "../../src/dev/json-schemas.ts";
import { followedRows } from "../../src/report/followed-rows.ts";
import { render, type View } from "../../src/report/render.ts";
import type { Reports } from "../../src/report/report.ts";
import { DOCUMENTS, type DocumentName } from "../../src/report/schema/names.ts";
import { reportsOf } from "../support/judged-pages.ts";
import { complaints, strictComplaints } from "../support/own-schema.ts";

const VIEWS = {
  diagnosis: "diagnose",
  check: "check",
  timeline: "timeline",
  list: "list",
} as const satisfies Record<View, DocumentName>;

const incident = await reportsOf();
const written = (reports: Reports, view: View): unknown =>
  JSON.parse(render(reports, view, "json", { width: 80, colour: false }));

const suppress = [
  { rule: "access/file-mode", path: "/run/**", reason: "Known.", until: "2025-10-01" },
  { rule: "runner/*", vm: "test-vm", reason: "Known.", until: "2025-09-01" },
];

const LOOKS: Readonly<Record<string, Reports>> = {
  "the incident": incident,
  "the incident, suppressed": await reportsOf({ suppress }),
  "the end of the incident": await reportsOf({ times: { since: "01:00" } }),
  "two hosts": [incident[0], incident[0]],
  "a host on which nothing may be read": await reportsOf({
    source: { root: "test/report" },
    vms: [],
  }),
  "a host that answers and one that does not": [
    incident[0],
    ...(await reportsOf({ source: { root: "test/report" }, vms: [] })),
  ],
};

describe("the published schema", () => {
  it("is what the program prints, for each document", async () => {
    const files = await readdir("docs/schema");
    const published = new Map<string, string>();
    for (const file of files) published.set(file, await readFile(`docs/schema/${file}`, "utf8"));
    // `npm run generate` writes them anew.
    expect(Object.fromEntries(published)).toEqual(Object.fromEntries(await jsonSchemas()));
    expect(files.toSorted()).toEqual(DOCUMENTS.map((name) => `${name}.json`).toSorted());
  });

  it.for(
    Object.entries(LOOKS).flatMap(([look, reports]) =>
      (Object.keys(VIEWS) as View[]).map((view) => [view, look, reports] as const),
    ),
  )("knows every key of %s of %s", ([view, , reports]) => {
    const document = written(reports, view);
    expect(complaints(VIEWS[view], document)).toEqual([]);
    expect(strictComplaints(VIEWS[view], document)).toEqual([]);
  });

  it("knows every key of a row that is followed", () => {
    const rows = followedRows({ width: 80, colour: false, format: "json", newest: Infinity });
    const lines = rows(incident).trim().split("\n");
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.flatMap((line) => strictComplaints("timeline-row", JSON.parse(line)))).toEqual([]);
  });

  it("holds for the example in docs", async () => {
    const example: unknown = JSON.parse(await readFile("docs/examples/diagnose.json", "utf8"));
    expect(strictComplaints("diagnose", example)).toEqual([]);
  });
});

/** The incident's diagnosis with another value at a path of keys. */
const broken = (path: readonly (string | number)[], value: unknown): unknown => {
  const document = structuredClone(written(incident, "diagnosis"));
  const last = path.at(-1) ?? "";
  let inner = document as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) inner = inner[key] as Record<string | number, unknown>;
  if (value === undefined) delete inner[last];
  else inner[last] = value;
  return document;
};

describe("a document is refused", () => {
  it.for([
    ["without a key of the contract", ["vms", 0, "everWorked"], undefined],
    ["without the evidence of a finding", ["vms", 0, "findings", 0, "evidence"], []],
    ["with a status that there is not", ["vms", 0, "status"], "fine"],
    ["with a severity that there is not", ["vms", 0, "findings", 0, "severity"], "fatal"],
    ["with a time that is none", ["window", "since"], "yesterday"],
    ["with a count that is none", ["coverage", "boots"], "1"],
    ["with evidence of no kind", ["evidence", 0, "kind"], "hearsay"],
    ["with an id of evidence that is none", ["vms", 0, "findings", 0, "evidence", 0], "7"],
    ["of another version", ["schemaVersion"], 2],
  ] as const)("%s", ([, path, value]) => {
    expect(complaints("diagnose", broken(path, value))).not.toEqual([]);
  });

  it("by nobody for a key that is new, but by the tests, so that the schema gets it, too", () => {
    const document = broken(["vms", 0, "mood"], "well");
    expect(complaints("diagnose", document)).toEqual([]);
    expect(strictComplaints("diagnose", document)).not.toEqual([]);
  });
});

describe("a schema", () => {
  it.for(DOCUMENTS)("of %s says in words what each of its keys means", async (name) => {
    const files = await jsonSchemas();
    const untold: string[] = [];
    const walk = (schema: unknown, path: string): void => {
      if (typeof schema !== "object" || schema === null) return;
      if ("properties" in schema && typeof schema.properties === "object") {
        for (const [key, value] of Object.entries(schema.properties ?? {})) {
          if (!/"(?:description|title|\$ref|const)":/u.test(JSON.stringify(value)))
            untold.push(`${path}/${key}`);
        }
      }
      for (const [key, value] of Object.entries(schema)) walk(value, `${path}/${key}`);
    };
    walk(JSON.parse(files.get(`${name}.json`) ?? ""), "");
    expect(untold).toEqual([]);
  });
});
