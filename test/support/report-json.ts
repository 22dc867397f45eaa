import * as v from "valibot";

const finding = v.object({
  id: v.string(),
  role: v.string(),
  severity: v.string(),
  certainty: v.string(),
  title: v.string(),
  explanation: v.string(),
  subject: v.record(v.string(), v.union([v.string(), v.number()])),
  causedBy: v.array(v.string()),
  phase: v.nullable(v.number()),
  evidence: v.pipe(v.array(v.string()), v.minLength(1)),
  remedies: v.array(
    v.object({
      title: v.string(),
      kind: v.picklist(["nix", "command", "advice"]),
      snippet: v.string(),
      clears: v.array(v.string()),
    }),
  ),
});

/** The keys of the contract that others rely on. */
const report = v.object({
  schemaVersion: v.literal(1),
  complete: v.boolean(),
  host: v.object({ name: v.nullable(v.string()), machineId: v.nullable(v.string()) }),
  window: v.object({ since: v.nullable(v.string()), until: v.nullable(v.string()) }),
  coverage: v.object({
    firstEntry: v.nullable(v.string()),
    lastEntry: v.nullable(v.string()),
    boots: v.number(),
    gaps: v.array(v.object({ source: v.string(), reason: v.string() })),
    ledger: v.array(
      v.object({
        id: v.pipe(v.string(), v.regex(/^c[1-9]\d*$/u)),
        source: v.string(),
        kind: v.string(),
        boot: v.exactOptional(v.string()),
        since: v.exactOptional(v.string()),
        until: v.exactOptional(v.string()),
        count: v.exactOptional(v.number()),
        text: v.pipe(v.string(), v.minLength(1)),
        mayHide: v.boolean(),
      }),
    ),
  }),
  vms: v.array(
    v.object({
      vm: v.string(),
      status: v.picklist(["failing", "degraded", "healthy", "stopped", "unknown"]),
      everWorked: v.object({
        answer: v.picklist(["yes", "no", "unknown"]),
        basis: v.string(),
        evidence: v.array(v.string()),
      }),
      rootCauses: v.array(v.string()),
      findings: v.array(finding),
      stages: v.array(v.object({ secret: v.string(), stages: v.record(v.string(), v.string()) })),
      phases: v.array(
        v.object({
          index: v.number(),
          title: v.string(),
          invocations: v.number(),
          provenance: v.nullable(
            v.object({
              kind: v.string(),
              text: v.string(),
              notBefore: v.nullable(v.string()),
              notAfter: v.nullable(v.string()),
              evidence: v.array(v.string()),
            }),
          ),
        }),
      ),
      nextStart: v.object({ prediction: v.string(), rootCauses: v.array(v.string()) }),
      hypotheses: v.array(
        v.object({
          question: v.string(),
          claim: v.string(),
          state: v.string(),
          decideBy: v.string(),
        }),
      ),
    }),
  ),
  evidence: v.array(
    v.variant("kind", [
      v.object({
        id: v.string(),
        kind: v.literal("coverage"),
        ledger: v.pipe(v.array(v.string()), v.minLength(1)),
      }),
      v.object({ id: v.string(), kind: v.picklist(["journal", "file", "command"]) }),
    ]),
  ),
});

export type JsonReport = v.InferOutput<typeof report>;
export type JsonVm = JsonReport["vms"][number];
export type JsonFinding = v.InferOutput<typeof finding>;

/** A report as others read it: refuses one that breaks the contract. */
export const parseReport = (text: string): JsonReport => v.parse(report, JSON.parse(text));

const nextStart = v.object({
  vm: v.string(),
  prediction: v.picklist(["yes", "no", "unknown", "none-wanted"]),
  rootCauses: v.array(v.string()),
  stops: v.array(
    v.object({
      secret: v.string(),
      stage: v.string(),
      component: v.nullable(v.string()),
      rule: v.nullable(v.string()),
    }),
  ),
});

export type JsonNextStart = v.InferOutput<typeof nextStart>;

/** What `check` foretells of each VM. */
export const parseChecks = (text: string): readonly JsonNextStart[] =>
  v.parse(v.object({ vms: v.array(nextStart) }), JSON.parse(text)).vms;

/** The first VM of what `check` foretells. */
export const parseCheck = (text: string): JsonNextStart => {
  const [first] = parseChecks(text);
  if (first === undefined) throw new Error("the prediction knows no VM");
  return first;
};

export const vmOf = (parsed: JsonReport, name: string): JsonVm => {
  const found = parsed.vms.find(({ vm }) => vm === name);
  if (found === undefined) throw new Error(`the report does not know ${name}`);
  return found;
};

export const findingOf = (vm: JsonVm, id: string): JsonFinding => {
  const found = vm.findings.find((one) => one.id === id);
  if (found === undefined) {
    throw new Error(`${id} is not among ${vm.findings.map((one) => one.id).join(", ")}`);
  }
  return found;
};
