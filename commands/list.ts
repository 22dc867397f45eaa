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

export default class List extends BaseCommand {
  static override summary = "show the VMs and how they are, a line each";
  static override args = { vm: Args.string({ multiple: true, description: "VM to show" }) };
  static override flags = { ...sourceFlags, ...outputFlags, ...redactionFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(List);
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
    await writeOutput(render(answer.reports, "list", format, screen({ file })), { file });
    await writeMap(answer.redactionMap, flags);
    // It judges nothing: only what could not be read is missing.
    endWith(answer.complete ? EXIT.ok : EXIT.incomplete);
  }
}
