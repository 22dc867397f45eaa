import * as Args from "@oclif/core/args";
import { BaseCommand } from "../src/command-line/base-command.ts";
import { EXIT } from "../src/command-line/exit-status.ts";
import { endWith, interruption } from "../src/command-line/interruption.ts";
import { chosenFormat } from "../src/command-line/output-format.ts";
import { writeOutput } from "../src/command-line/output.ts";
import { redactionOf, redactMapOf, writeMap } from "../src/command-line/redaction.ts";
import { refusal } from "../src/command-line/refusal.ts";
import { screen } from "../src/command-line/screen.ts";
import {
  outputFlags,
  redactionFlags,
  sourceFlags,
  sourceOf,
} from "../src/command-line/source-flags.ts";
import { diagnose, render } from "../src/index.ts";

export default class Timeline extends BaseCommand {
  static override summary = "show what happened, in order; without a VM: every VM found";
  static override args = { vm: Args.string({ multiple: true, description: "VM to show" }) };
  static override flags = { ...sourceFlags, ...outputFlags, ...redactionFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Timeline);
    const format = chosenFormat(flags, "text");
    const answer = await diagnose({
      source: sourceOf(flags),
      times: flags,
      vms: args.vm ?? [],
      config: flags.config,
      redaction: redactionOf(flags, redactMapOf(flags)),
      signal: interruption(),
    });
    if (answer.status !== "diagnosed") throw refusal(answer);
    const file = flags["output-file"];
    await writeOutput(render(answer.reports, "timeline", format, screen({ file })), { file });
    await writeMap(answer.redactionMap, flags);
    // A timeline judges nothing: what it shows is there, and only what it could not read is missing.
    endWith(answer.complete ? EXIT.ok : EXIT.incomplete);
  }
}
