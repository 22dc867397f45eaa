import { renderJunit } from "./junit/junit.ts";
import type { Judgement } from "./judged.ts";
import { renderPrometheus } from "./prometheus/prometheus.ts";
import type { Reports } from "./report.ts";
import { renderSarif } from "./sarif/sarif.ts";

/** Formats in which programs of others take judgements. */
export type InterchangeFormat = "sarif" | "junit" | "prometheus";

const RENDERERS: Readonly<
  Record<InterchangeFormat, (reports: Reports, judgement: Judgement) => string>
> = { sarif: renderSarif, junit: renderJunit, prometheus: renderPrometheus };

/** Judgements of all hosts as one document. */
export const renderJudgement = (
  reports: Reports,
  format: InterchangeFormat,
  judgement: Judgement,
): string => RENDERERS[format](reports, judgement);
