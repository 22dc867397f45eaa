import type { Judgement } from "../judged.ts";
import { jsonText } from "../printable.ts";
import type { Reports } from "../report.ts";
import { sarifRun } from "./run.ts";

const SCHEMA =
  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/**
 * Judgements as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format", with errata 01): a run for each host, a result for each
 * finding, a notification for each thing that could not be looked at.
 */
export const renderSarif = (reports: Reports, judgement: Judgement): string =>
  jsonText({
    $schema: SCHEMA,
    version: "2.1.0",
    runs: reports.map((report) => sarifRun(report, judgement)),
  });
