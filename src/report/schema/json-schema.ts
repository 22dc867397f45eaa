import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import { check, checkedVm } from "./check.ts";
import { diagnosedVm, diagnosis, phase } from "./diagnosis.ts";
import { evidence, gap, ledgerLine } from "./evidence.ts";
import { failure } from "./failure.ts";
import { finding, remedy, suppressed } from "./finding.ts";
import { list, listedVm } from "./list.ts";
import type { DocumentName } from "./names.ts";
import { secretStages } from "./pieces.ts";
import { followedRow, row, timeline, timelineVm } from "./timeline.ts";

interface Document {
  readonly schema: GenericSchema;
  readonly title: string;
  readonly description: string;
  /** What is told once and referred to. */
  readonly parts: Readonly<Record<string, GenericSchema>>;
}

const FOUND = { finding, remedy, suppressed, secretStages, evidence, gap, ledgerLine };

const SCHEMAS: Readonly<Record<DocumentName, Document>> = {
  diagnose: {
    schema: diagnosis,
    title: "mvdoctor diagnose --json",
    description: "A root-cause analysis; `report --json` writes the same.",
    parts: { vm: diagnosedVm, phase, ...FOUND },
  },
  check: {
    schema: check,
    title: "mvdoctor check --json",
    description: "Whether the next start of each VM would get its secrets.",
    parts: { vm: checkedVm, ...FOUND },
  },
  timeline: {
    schema: timeline,
    title: "mvdoctor timeline --json",
    description: "What happened, in order.",
    parts: { vm: timelineVm, row },
  },
  "timeline-row": {
    schema: followedRow,
    title: "mvdoctor timeline --follow --json",
    description: "One thing that happened: each line is a document.",
    parts: {},
  },
  list: {
    schema: list,
    title: "mvdoctor list --json",
    description: "The VMs and how they are.",
    parts: { vm: listedVm, gap, ledgerLine },
  },
  error: {
    schema: failure,
    title: "mvdoctor --json, where a command fails",
    description:
      "What stands on stdout when a command that was asked for JSON ends with 2, 4, 5 or 70.",
    parts: {},
  },
};

/** The JSON Schema (draft 2020-12) of a document that mvdoctor writes. Keys that it does not name may be added to a document. */
export const jsonSchema = (name: DocumentName): object => {
  const { schema, title, description, parts } = SCHEMAS[name];
  const { $schema, $defs, ...rest } = toJsonSchema(schema, {
    target: "draft-2020-12",
    definitions: { ...parts },
  });
  return {
    $schema,
    $id: `urn:mvdoctor:schema:${name}:1`,
    title,
    description,
    ...rest,
    ...($defs === undefined ? {} : { $defs }),
  };
};
