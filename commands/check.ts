import * as Args from "@oclif/core/args";
import { BaseCommand } from "../src/command-line/base-command.ts";
import { statusOfFindings } from "../src/command-line/exit-status.ts";
import { endWith, interruption } from "../src/command-line/interruption.ts";
import { chosenFormat } from "../src/command-line/output-format.ts";
import { writeOutput } from "../src/command-line/output.ts";
import { redactionOf, redactMapOf, writeMap } from "../src/command-line/redaction.ts";
import { refusal } from "../src/command-line/refusal.ts";
import { screen } from "../src/command-line/screen.ts";
import {
  failOnFlag,
  outputFlags,
  redactionFlags,
  showSkippedFlag,
  sourceFlags,
  sourceOf,
} from "../src/command-line/source-flags.ts";
import { diagnose, foretold, render } from "../src/index.ts";

export default class Check extends BaseCommand {
  static override summary = "would the next start get its secrets? nothing is started";
  static override args = { vm: Args.string({ multiple: true, description: "VM to check" }) };
  static override flags = {
    ...sourceFlags,
    ...outputFlags,
    ...redactionFlags,
    ...failOnFlag,
    ...showSkippedFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Check);
    const format = chosenFormat(flags, "text");
    const answer = await diagnose({
      source: sourceOf(flags),
      times: flags,
      vms: args.vm ?? [],
      config: flags.config,
      redaction: redactionOf(flags, redactMapOf(flags)),
      signal: interruption(),
      showSkipped: flags["show-skipped"],
    });
    if (answer.status !== "diagnosed") throw refusal(answer);
    const file = flags["output-file"];
    await writeOutput(render(answer.reports, "check", format, screen({ file })), { file });
    await writeMap(answer.redactionMap, flags);
    const { severities, complete } = foretold(answer.reports);
    endWith(statusOfFindings(severities, { failOn: flags["fail-on"], complete }));
  }
}
