import * as Args from "@oclif/core/args";
import { BaseCommand } from "../src/command-line/base-command.ts";
import { EXIT, type ExitStatus } from "../src/command-line/exit-status.ts";
import { endWith, interruption } from "../src/command-line/interruption.ts";
import { withProgress } from "../src/command-line/progress.ts";
import { refusal } from "../src/command-line/refusal.ts";
import { quietFlag, screenFlags } from "../src/command-line/screen-flags.ts";
import { screen, writePage } from "../src/command-line/screen.ts";
import { jsonFlag, sourceFlags, sourceOf } from "../src/command-line/source-flags.ts";
import {
  renderVerification,
  renderVerificationJson,
  verify,
  type Verification,
} from "../src/index.ts";

export default class Verify extends BaseCommand {
  static override summary = "look at the evidence of a report again, and name what no longer holds";
  static override usage = "verify REPORT [FLAGS]";
  static override args = {
    report: Args.string({
      required: true,
      ignoreStdin: true,
      description: "what diagnose --json wrote",
    }),
  };
  static override flags = { ...sourceFlags, ...jsonFlag, ...screenFlags, ...quietFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Verify);
    const answer = await withProgress(flags, (listener) =>
      verify(args.report, {
        source: sourceOf(flags),
        times: flags,
        config: flags.config,
        listener,
        signal: interruption(),
      }),
    );
    if (answer.status !== "verified") throw refusal(answer);
    const { verification } = answer;
    await writePage(
      flags.json
        ? renderVerificationJson(verification)
        : renderVerification(verification, screen(flags)),
      flags,
    );
    endWith(statusOf(verification));
  }
}

/** What no longer holds wins over what could not be checked. */
const statusOf = ({ findings }: Verification): ExitStatus => {
  if (findings.some(({ verdict, isFoundAgain }) => verdict === "no-longer-holds" || !isFoundAgain))
    return EXIT.findings;
  return findings.some(({ verdict }) => verdict === "unknown") ? EXIT.incomplete : EXIT.ok;
};
