import * as Args from "@oclif/core/args";
import { BaseCommand } from "../src/command-line/base-command.ts";
import { statusOfFindings } from "../src/command-line/exit-status.ts";
import { endWith } from "../src/command-line/interruption.ts";
import { chosenFormat } from "../src/command-line/output-format.ts";
import { refusal } from "../src/command-line/refusal.ts";
import { reportRequest, writeReport } from "../src/command-line/report-request.ts";
import { screenFlags } from "../src/command-line/screen-flags.ts";
import { screen } from "../src/command-line/screen.ts";
import {
  failOnFlag,
  outputFlags,
  redactionFlags,
  showSkippedFlag,
  sourceFlags,
} from "../src/command-line/source-flags.ts";
import { diagnose, foretold, render } from "../src/index.ts";

export default class Check extends BaseCommand {
  static override summary = "would the next start get its secrets? nothing is started";
  static override args = { vm: Args.string({ multiple: true, description: "VM to check" }) };
  static override flags = {
    ...sourceFlags,
    ...outputFlags,
    ...screenFlags,
    ...redactionFlags,
    ...failOnFlag,
    ...showSkippedFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Check);
    const format = chosenFormat(flags, "text");
    const answer = await diagnose(reportRequest(flags, args.vm));
    if (answer.status !== "diagnosed") throw refusal(answer);
    const page = render(answer.reports, "check", format, screen(flags));
    await writeReport(page, answer.redactionMap, flags);
    const { severities, complete } = foretold(answer.reports);
    endWith(statusOfFindings(severities, { failOn: flags["fail-on"], complete }));
  }
}
