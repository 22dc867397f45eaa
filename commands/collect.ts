import * as Args from "@oclif/core/args";
import { BaseCommand } from "../src/command-line/base-command.ts";
import { EXIT } from "../src/command-line/exit-status.ts";
import { ExpectedError } from "../src/command-line/expected-error.ts";
import { endWith, interruption } from "../src/command-line/interruption.ts";
import { writeOutput } from "../src/command-line/output.ts";
import { mapFile, redactionOf } from "../src/command-line/redaction.ts";
import { withProgress } from "../src/command-line/progress.ts";
import { refusal } from "../src/command-line/refusal.ts";
import { quietFlag } from "../src/command-line/screen-flags.ts";
import { screen } from "../src/command-line/screen.ts";
import { bundleFlags, flakeFlag, sourceFlags, sourceOf } from "../src/command-line/source-flags.ts";
import { collect, planned, renderPlan, renderPlanJson, type Times } from "../src/index.ts";

export default class Collect extends BaseCommand {
  static override summary =
    "read all evidence into one file, for another machine or another day; without a VM: of every VM found";
  static override args = { vm: Args.string({ multiple: true, description: "VM to collect for" }) };
  static override flags = { ...sourceFlags, ...flakeFlag, ...bundleFlags, ...quietFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Collect);
    if (flags["dry-run"]) {
      await this.plan(args.vm ?? [], flags);
      return;
    }
    const file = flags["output-file"];
    if (file === undefined) {
      throw new ExpectedError("collect needs --output-file", {
        exitCode: EXIT.usage,
        hint: "for example --output-file evidence.mvb",
      });
    }
    const map = mapFile(flags, file);
    const answer = await withProgress(flags, (listener) =>
      collect({
        source: sourceOf(flags),
        times: flags,
        vms: args.vm ?? [],
        flake: flags.flake,
        config: flags.config,
        redaction: redactionOf(flags, map),
        listener,
        signal: interruption(),
      }),
    );
    if (answer.status !== "collected") throw refusal(answer);
    await writeOutput(answer.bundle, { file, isPrivate: true });
    if (answer.map !== undefined) await writeOutput(answer.map, { file: map, isPrivate: true });
    process.stderr.write(answer.summary.map((line) => `mvdoctor: ${line}\n`).join(""));
    endWith(answer.complete ? EXIT.ok : EXIT.incomplete);
  }

  private async plan(vms: readonly string[], flags: PlanFlags): Promise<void> {
    const answer = await planned({
      source: sourceOf(flags),
      times: flags,
      vms,
      config: flags.config,
    });
    if (answer.status !== "planned") throw refusal(answer);
    await writeOutput(flags.json ? renderPlanJson(answer) : renderPlan(answer, screen()));
  }
}

type PlanFlags = Times &
  Parameters<typeof sourceOf>[0] & { readonly config: string | undefined; readonly json: boolean };
