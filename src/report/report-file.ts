import * as v from "valibot";

const evidence = v.variant("kind", [
  v.looseObject({
    id: v.string(),
    host: v.exactOptional(v.string()),
    kind: v.literal("journal"),
    cursor: v.string(),
    text: v.string(),
  }),
  v.looseObject({
    id: v.string(),
    host: v.exactOptional(v.string()),
    kind: v.literal("file"),
    path: v.pipe(v.string(), v.startsWith("/")),
    absent: v.exactOptional(v.literal(true)),
    line: v.exactOptional(v.number()),
    text: v.exactOptional(v.string()),
    stat: v.exactOptional(
      v.looseObject({
        type: v.string(),
        mode: v.string(),
        uid: v.number(),
        gid: v.number(),
        size: v.number(),
        mtime: v.string(),
        target: v.exactOptional(v.string()),
      }),
    ),
  }),
  v.looseObject({
    id: v.string(),
    host: v.exactOptional(v.string()),
    kind: v.literal("command"),
    argv: v.array(v.string()),
    exitCode: v.nullable(v.number()),
  }),
  v.looseObject({
    id: v.string(),
    host: v.exactOptional(v.string()),
    kind: v.literal("coverage"),
    source: v.string(),
    text: v.string(),
  }),
]);

/** What `verify` needs of a report that `diagnose -o json` or `report -o json` wrote (version 1). */
const reportFile = v.looseObject({
  schemaVersion: v.literal(1),
  generatedAt: v.string(),
  window: v.looseObject({ since: v.nullable(v.string()), until: v.nullable(v.string()) }),
  vms: v.array(
    v.looseObject({
      vm: v.string(),
      host: v.exactOptional(v.string()),
      findings: v.array(
        v.looseObject({
          id: v.string(),
          title: v.string(),
          phase: v.nullable(v.number()),
          evidence: v.array(v.string()),
        }),
      ),
    }),
  ),
  evidence: v.array(evidence),
});

export type ReportFile = v.InferOutput<typeof reportFile>;
export type ReportedEvidence = v.InferOutput<typeof evidence>;

/** A report from its text; the reason where it is none. */
export const parseReportFile = (
  text: string,
):
  | { readonly status: "parsed"; readonly report: ReportFile }
  | { readonly status: "wrong"; readonly why: string } => {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), reportFile), text);
  if (parsed.success) return { status: "parsed", report: parsed.output };
  const [issue] = parsed.issues;
  return {
    status: "wrong",
    why: `it is no report of diagnose in JSON, version 1: ${v.getDotPath(issue) ?? "its top"} is not as it must be`,
  };
};
