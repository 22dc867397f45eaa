import * as Args from "@oclif/core/args";
import { BaseCommand } from "../src/command-line/base-command.ts";
import { mapFile } from "../src/command-line/redaction.ts";
import { writeOutput } from "../src/command-line/output.ts";
import { refusal } from "../src/command-line/refusal.ts";
import { redactFlags } from "../src/command-line/source-flags.ts";
import { redactBundle, REDACTABLE } from "../src/index.ts";

export default class Redact extends BaseCommand {
  static override summary = "write a bundle again under other names of hosts, users and paths";
  static override usage = "redact BUNDLE [FLAGS]";
  static override args = {
    bundle: Args.string({ required: true, ignoreStdin: true, description: "what collect wrote" }),
  };
  static override flags = redactFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Redact);
    const file = flags["output-file"] ?? args.bundle.replace(/(?:\.mvb)?$/u, ".redacted.mvb");
    const map = mapFile(flags, file);
    const answer = await redactBundle(args.bundle, { kinds: flags.redact ?? REDACTABLE, map });
    if (answer.status !== "redacted") throw refusal(answer);
    await writeOutput(answer.bundle, { file, isPrivate: true });
    await writeOutput(answer.map, { file: map, isPrivate: true });
    process.stderr.write(`mvdoctor: wrote ${file}; ${map} tells which name stands for which\n`);
  }
}
