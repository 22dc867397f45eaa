import * as Args from "@oclif/core/args";
import { BaseCommand } from "../src/command-line/base-command.ts";
import { EXIT } from "../src/command-line/exit-status.ts";
import { endWith } from "../src/command-line/interruption.ts";
import { chosenFormat } from "../src/command-line/output-format.ts";
import { refusal } from "../src/command-line/refusal.ts";
import { reportRequest, writeReport } from "../src/command-line/report-request.ts";
import { screenFlags } from "../src/command-line/screen-flags.ts";
import { screen } from "../src/command-line/screen.ts";
import { outputFlags, redactionFlags, sourceFlags } from "../src/command-line/source-flags.ts";
import { diagnose, render } from "../src/index.ts";

export default class List extends BaseCommand {
  static override summary = "show the VMs and how they are, a line each";
  static override args = { vm: Args.string({ multiple: true, description: "VM to show" }) };
  static override flags = { ...sourceFlags, ...outputFlags, ...screenFlags, ...redactionFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(List);
    const format = chosenFormat(flags, "text");
    const answer = await diagnose(reportRequest(flags, args.vm));
    if (answer.status !== "diagnosed") throw refusal(answer);
    const page = render(answer.reports, "list", format, screen(flags));
    await writeReport(page, answer.redactionMap, flags);
    // It judges nothing: what it shows is there, and only what it could not read is missing.
    endWith(answer.complete ? EXIT.ok : EXIT.incomplete);
  }
}
