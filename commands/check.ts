import * as Args from "@oclif/core/args";
import { BaseCommand } from "../src/command-line/base-command.ts";
import { failingSeverities, statusOfFindings } from "../src/command-line/exit-status.ts";
import { endingStatus, endWith } from "../src/command-line/interruption.ts";
import {
  chosenFormat,
  isInterchange,
  JUDGEMENT_FORMATS,
} from "../src/command-line/output-format.ts";
import { withProgress } from "../src/command-line/progress.ts";
import { refusal } from "../src/command-line/refusal.ts";
import { reportRequest, writeReport } from "../src/command-line/report-request.ts";
import { quietFlag, screenFlags } from "../src/command-line/screen-flags.ts";
import { screen } from "../src/command-line/screen.ts";
import {
  failOnFlag,
  judgementOutputFlags,
  redactionFlags,
  showSkippedFlag,
  sourceFlags,
} from "../src/command-line/source-flags.ts";
import { diagnose, judged, render, renderInterchange } from "../src/index.ts";

export default class Check extends BaseCommand {
  static override summary = "would the next start get its secrets? nothing is started";
  static override args = { vm: Args.string({ multiple: true, description: "VM to check" }) };
  static override flags = {
    ...sourceFlags,
    ...judgementOutputFlags,
    ...screenFlags,
    ...quietFlag,
    ...redactionFlags,
    ...failOnFlag,
    ...showSkippedFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Check);
    const format = chosenFormat(flags, "text", JUDGEMENT_FORMATS);
    const answer = await withProgress(flags, (listener) =>
      diagnose({ ...reportRequest(flags, args.vm), listener }),
    );
    if (answer.status !== "diagnosed") throw refusal(answer);
    const { severities, complete } = judged(answer.reports, "check");
    const status = statusOfFindings(severities, { failOn: flags["fail-on"], complete });
    const page = isInterchange(format)
      ? renderInterchange(answer.reports, format, {
          view: "check",
          failing: failingSeverities(flags["fail-on"]),
          exitStatus: endingStatus(status),
        })
      : render(answer.reports, "check", format, screen(flags));
    await writeReport(page, answer.redactionMap, flags);
    endWith(status);
  }
}
