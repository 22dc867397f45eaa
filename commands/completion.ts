import * as Args from "@oclif/core/args";
import { BaseCommand } from "../src/command-line/base-command.ts";
import { describeCommands } from "../src/command-line/command-line.ts";
import { bashCompletion } from "../src/command-line/completion/bash.ts";
import type { Completed } from "../src/command-line/completion/completed.ts";
import { fishCompletion } from "../src/command-line/completion/fish.ts";
import { zshCompletion } from "../src/command-line/completion/zsh.ts";
import { writeOutput } from "../src/command-line/output.ts";
import { catalogue } from "../src/index.ts";

const NAMES = ["bash", "fish", "zsh"] as const;
type Shell = (typeof NAMES)[number];

const SHELLS: Readonly<Record<Shell, (completed: Completed) => string>> = {
  bash: bashCompletion,
  fish: fishCompletion,
  zsh: zshCompletion,
};

export default class Completion extends BaseCommand {
  static override summary =
    "print a script that lets a shell complete commands, flags, VMs and rules";
  static override usage = "completion SHELL";
  static override args = {
    shell: Args.custom<Shell>({
      options: NAMES,
      description: `one of ${NAMES.join(", ")}`,
    })({ required: true, ignoreStdin: true }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Completion);
    await writeOutput(
      SHELLS[args.shell]({
        commands: describeCommands(this.config.commands),
        rules: catalogue(),
      }),
    );
  }
}
