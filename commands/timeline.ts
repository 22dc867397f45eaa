import * as Args from "@oclif/core/args";
import { BaseCommand } from "../src/command-line/base-command.ts";
import { EXIT } from "../src/command-line/exit-status.ts";
import { endWith } from "../src/command-line/interruption.ts";
import { ExpectedError } from "../src/command-line/expected-error.ts";
import { chosenFormat } from "../src/command-line/output-format.ts";
import { isRead, writeOutput } from "../src/command-line/output.ts";
import { startProgress, withProgress, type Progress } from "../src/command-line/progress.ts";
import { refusal } from "../src/command-line/refusal.ts";
import { reportRequest, writeReport } from "../src/command-line/report-request.ts";
import { quietFlag, screenFlags } from "../src/command-line/screen-flags.ts";
import { screen } from "../src/command-line/screen.ts";
import { redactionFlags, sourceFlags } from "../src/command-line/source-flags.ts";
import { rowFlags, timelineOutputFlags } from "../src/command-line/timeline-flags.ts";
import { warn } from "../src/command-line/warn.ts";
import {
  diagnose,
  follow,
  followedRows,
  render,
  renderTimelineLnav,
  selectRows,
  warnings,
} from "../src/index.ts";

const FOLLOWED = ["text", "json", "lnav"] as const;
/** As journalctl -f shows of what was before. */
const USUAL_ROWS = 10;

export default class Timeline extends BaseCommand {
  static override summary = "show what happened, in order; without a VM: every VM found";
  static override args = { vm: Args.string({ multiple: true, description: "VM to show" }) };
  static override flags = {
    ...sourceFlags,
    ...rowFlags,
    ...timelineOutputFlags,
    ...screenFlags,
    ...quietFlag,
    ...redactionFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Timeline);
    const format = chosenFormat(flags, "text");
    if (flags.follow) {
      const progress = startProgress(flags);
      try {
        await this.follow(reportRequest(flags, args.vm), format, progress, {
          ...screen(flags),
          newest: flags.lines ?? USUAL_ROWS,
          pattern: flags.grep,
        });
      } finally {
        progress.end();
      }
      return;
    }
    const answer = await withProgress(flags, (listener) =>
      diagnose({ ...reportRequest(flags, args.vm), everyStart: flags.all, listener }),
    );
    if (answer.status !== "diagnosed") throw refusal(answer);
    const reports = selectRows(answer.reports, {
      newest: flags.lines,
      pattern: flags.grep,
      reverse: flags.reverse,
    });
    if (format === "lnav") warn(warnings(answer.reports));
    const page =
      format === "lnav"
        ? renderTimelineLnav(reports)
        : render(reports, "timeline", format, screen(flags));
    await writeReport(page, answer.redactionMap, flags);
    // It judges nothing: what it shows is there, and only what it could not read is missing.
    endWith(answer.complete ? EXIT.ok : EXIT.incomplete);
  }

  /** Writes rows as they become true, until somebody interrupts or nobody reads any more. */
  private async follow(
    request: Parameters<typeof follow>[0],
    format: string,
    { listener, end }: Progress,
    options: Omit<Parameters<typeof followedRows>[0], "format">,
  ): Promise<void> {
    const followed = FOLLOWED.find((one) => one === format);
    if (followed === undefined) {
      throw new ExpectedError(`--follow cannot be used with --output=${format}`, {
        exitCode: EXIT.usage,
        hint: `it writes ${FOLLOWED.join(", ")}`,
      });
    }
    const warned = new Set<string>();
    const fresh = followedRows({ ...options, format: followed });
    for await (const answer of follow({ ...request, everyStart: true, listener })) {
      end();
      if (answer.status !== "diagnosed") throw refusal(answer);
      warn(warnings(answer.reports).filter((line) => !warned.has(line)));
      for (const line of warnings(answer.reports)) warned.add(line);
      await writeOutput(fresh(answer.reports));
      if (!isRead()) break;
    }
    endWith(EXIT.ok);
  }
}
