import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../src/command-line/base-command.ts";
import { EXIT } from "../src/command-line/exit-status.ts";
import { ExpectedError } from "../src/command-line/expected-error.ts";
import { endWith } from "../src/command-line/interruption.ts";
import { chosenFormat } from "../src/command-line/output-format.ts";
import { writeOutput } from "../src/command-line/output.ts";
import { refusal } from "../src/command-line/refusal.ts";
import { reportRequest, writeReport } from "../src/command-line/report-request.ts";
import { screenFlags } from "../src/command-line/screen-flags.ts";
import { screen } from "../src/command-line/screen.ts";
import {
  outputFlags,
  redactionFlags,
  sourceFlags,
  sourceOf,
} from "../src/command-line/source-flags.ts";
import { warn } from "../src/command-line/warn.ts";
import { diagnose, render, vmNames } from "../src/index.ts";

export default class List extends BaseCommand {
  static override summary = "show the VMs and how they are, a line each";
  static override args = { vm: Args.string({ multiple: true, description: "VM to show" }) };
  static override flags = {
    ...sourceFlags,
    ...outputFlags,
    names: Flags.boolean({
      helpGroup: "OUTPUT",
      summary: "show their names alone, without a look at any of them",
      exclusive: ["output", "json", "redact"],
    }),
    ...screenFlags,
    ...redactionFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(List);
    if (flags.names) {
      await this.names(flags, args.vm);
      return;
    }
    const format = chosenFormat(flags, "text");
    const answer = await diagnose(reportRequest(flags, args.vm));
    if (answer.status !== "diagnosed") throw refusal(answer);
    const page = render(answer.reports, "list", format, screen(flags));
    await writeReport(page, answer.redactionMap, flags);
    // It judges nothing: what it shows is there, and only what it could not read is missing.
    endWith(answer.complete ? EXIT.ok : EXIT.incomplete);
  }

  private async names(flags: NamesFlags, vms: readonly string[] | undefined): Promise<void> {
    if (vms !== undefined) {
      throw new ExpectedError("--names shows every VM: name none", { exitCode: EXIT.usage });
    }
    const answer = await vmNames(sourceOf(flags));
    if (answer.status !== "named") throw refusal(answer);
    const lines = answer.names.map((name) => `${name}\n`);
    await writeOutput(lines.join(""), { file: flags["output-file"] });
    warn(answer.unreadable);
    endWith(answer.unreadable.length === 0 ? EXIT.ok : EXIT.incomplete);
  }
}

type NamesFlags = Parameters<typeof sourceOf>[0] & { readonly "output-file": string | undefined };
