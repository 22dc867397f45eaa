import * as Args from "@oclif/core/args";
import { BaseCommand } from "../src/command-line/base-command.ts";
import { EXIT, failingSeverities, statusOfFindings } from "../src/command-line/exit-status.ts";
import { ExpectedError } from "../src/command-line/expected-error.ts";
import { endingStatus, endWith } from "../src/command-line/interruption.ts";
import {
  chosenFormat,
  isInterchange,
  JUDGEMENT_FORMATS,
  type Format,
} from "../src/command-line/output-format.ts";
import { withProgress } from "../src/command-line/progress.ts";
import { refusal } from "../src/command-line/refusal.ts";
import { reportRequest, writeReport } from "../src/command-line/report-request.ts";
import { detailFlags, screenFlags } from "../src/command-line/screen-flags.ts";
import { screen } from "../src/command-line/screen.ts";
import {
  emojiFlag,
  failOnFlag,
  showSkippedFlag,
  flakeFlag,
  judgementOutputFlags,
  redactionFlags,
  sourceFlags,
} from "../src/command-line/source-flags.ts";
import { warn } from "../src/command-line/warn.ts";
import { catalogue, diagnose, render, renderInterchange, warnings } from "../src/index.ts";

export default class Diagnose extends BaseCommand {
  static override summary = "find out why secrets do not reach a VM; without a VM: every VM found";
  static override args = { vm: Args.string({ multiple: true, description: "VM to look at" }) };
  static override flags = {
    ...sourceFlags,
    ...flakeFlag,
    ...judgementOutputFlags,
    ...screenFlags,
    ...detailFlags,
    ...emojiFlag,
    ...redactionFlags,
    ...failOnFlag,
    ...showSkippedFlag,
  };

  /** The format where nothing asks for one. */
  protected readonly fallback: Format = "text";

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Diagnose);
    const format = chosenFormat(flags, this.fallback, JUDGEMENT_FORMATS);
    const details = ["quiet", "explain"] as const;
    const detail = details.find((one) => flags[one]);
    if (detail !== undefined && format !== "text") {
      throw new ExpectedError(`--${detail} cannot be used with --output=${format}`, {
        exitCode: EXIT.usage,
        hint: "it changes the terminal report, and other formats tell all of it",
      });
    }
    const answer = await withProgress(flags, (listener) =>
      diagnose({ ...reportRequest(flags, args.vm), listener }),
    );
    if (answer.status !== "diagnosed") throw refusal(answer);
    if (flags.quiet) warn(warnings(answer.reports));
    const status = statusOfFindings(answer.severities, {
      failOn: flags["fail-on"],
      complete: answer.complete,
    });
    const page = isInterchange(format)
      ? renderInterchange(answer.reports, format, {
          view: "diagnosis",
          failing: failingSeverities(flags["fail-on"]),
          exitStatus: endingStatus(status),
        })
      : render(answer.reports, "diagnosis", format, {
          ...screen(flags),
          brief: flags.quiet,
          explained: flags.explain ? catalogue() : [],
          emoji: flags.emoji,
        });
    await writeReport(page, answer.redactionMap, flags);
    endWith(status);
  }
}
