import { hostName, type Reports } from "./report.ts";
import { plain } from "./words.ts";

/** What a form that has no place for it leaves unsaid: why the picture is incomplete. Each a line in lower case, without a period. */
export const warnings = (reports: Reports): readonly string[] =>
  reports.flatMap((report) =>
    report.diagnosis.gaps
      .filter(({ required }) => required)
      .map(
        ({ source, vm, reason }) =>
          `incomplete: ${hostName(report)}${vm === undefined ? "" : `, ${vm}`}, ${source}: ${plain(reason)}`,
      ),
  );
