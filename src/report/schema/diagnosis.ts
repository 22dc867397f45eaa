import * as v from "valibot";
import { evidence } from "./evidence.ts";
import { finding, remedy, rootCauses, suppressed } from "./finding.ts";
import { coverage, head, host, hosts, suppressions, window } from "./looked-at.ts";
import {
  count,
  evidenceIds,
  flag,
  hostOfSeveral,
  list,
  oneOf,
  ruleId,
  secretStages,
  text,
  time,
} from "./pieces.ts";

export const status = oneOf(
  ["failing", "degraded", "healthy", "stopped", "unknown"],
  "How the VM is, as far as secrets go.",
);
export const answer = oneOf(
  ["yes", "no", "unknown"],
  "Whether a secret ever reached the guest with content. `no` only as far as coverage carries it.",
);
export const prediction = oneOf(
  ["yes", "no", "unknown", "none-wanted"],
  "Whether the next start would get its secrets.",
);

const argument = v.object({ text: text("One sentence."), evidence: evidenceIds });

export const phase = v.pipe(
  v.object({
    index: v.pipe(v.number(), v.integer(), v.description("From 1 on; findings name it.")),
    kind: oneOf(["failing", "running", "silent"], "`silent` where nothing ran."),
    start: time("Its beginning."),
    end: v.nullable(time("Its end; null where it lasts to the end of the evidence.")),
    title: text("What it is, in a few words."),
    configuration: text(
      "Which runner was in force, and what it does with secrets; empty for a silence.",
    ),
    runner: v.nullable(text("The store path of the runner, where it is known.")),
    result: text("What came of it."),
    provenance: v.pipe(
      v.nullable(
        v.object({
          kind: text("`unit`, `generation`, `flake`, `deploy`, `by-hand` or `unknown`."),
          text: text("Full sentences."),
          notBefore: v.nullable(time("The runner was there at this time or later.")),
          notAfter: v.nullable(time("The runner was there at this time or earlier.")),
          evidence: evidenceIds,
        }),
      ),
      v.description("Who put the runner there; null for a silence."),
    ),
    invocations: count("How many starts."),
    evidence: evidenceIds,
  }),
  v.title("A span with one boot, one runner and one behaviour, or a silence"),
);

const hypothesis = v.pipe(
  v.object({
    question: text("What is not known."),
    claim: text("One answer to it."),
    state: oneOf(["open", "supported", "refuted"], "What the evidence makes of it."),
    for: list(argument, "What speaks for it."),
    against: list(argument, "What speaks against it."),
    decideBy: text("A command that would decide it."),
  }),
  v.title("An explanation that the evidence leaves open"),
);

const rules = v.pipe(
  v.object({
    fired: count("Rules that found something."),
    silent: count("Rules that looked and found nothing."),
    skipped: list(
      v.object({ id: ruleId, missing: list(v.string(), "What they need and is not there.") }),
      "Rules that were not asked.",
    ),
    errors: list(
      v.object({ id: ruleId, message: text("What went wrong: a bug in mvdoctor.") }),
      "Rules that failed.",
    ),
  }),
  v.title("What became of the rules"),
);

export const diagnosedVm = v.pipe(
  v.object({
    host: hostOfSeveral,
    vm: text("The name of the VM."),
    status,
    since: v.exactOptional(time("When the state began, as far as the journal tells.")),
    everWorked: v.object({
      answer,
      basis: text("What the answer rests on, in sentences."),
      evidence: evidenceIds,
    }),
    rootCauses,
    findings: list(finding, "What was found, without what is suppressed."),
    suppressed: list(suppressed, "What was found and does not count."),
    stages: list(secretStages, "The way of each secret."),
    phases: list(phase, "The story, in order."),
    transitions: list(
      v.object({
        from: v.pipe(v.number(), v.integer(), v.description("The `index` of a phase.")),
        to: v.pipe(v.number(), v.integer(), v.description("The `index` of the next one.")),
        changes: list(argument, "What became different."),
      }),
      "What changed from phase to phase.",
    ),
    hypotheses: list(hypothesis, "What is not known, and what would decide it."),
    options: list(remedy, "Repairs for what is broken now, best first."),
    nextStart: v.object({
      prediction,
      basis: text("What the answer rests on."),
      rootCauses,
    }),
    rules,
  }),
  v.title("What there is to say of one VM"),
);

export const diagnosis = v.object({
  ...head,
  complete: flag("False whenever a gap could hide a finding: see `coverage.gaps`."),
  host,
  window,
  coverage,
  hosts,
  suppressions,
  vms: list(diagnosedVm, "The VMs, in the order asked for."),
  evidence: list(evidence, "All that was cited, in the order of the ids."),
});
