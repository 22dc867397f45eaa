import * as Args from "@oclif/core/args";
import { BaseCommand } from "../src/command-line/base-command.ts";
import { writeOutput } from "../src/command-line/output.ts";
import { DOCUMENTS, renderJsonSchema } from "../src/index.ts";

export default class Schema extends BaseCommand {
  static override summary = "print the JSON Schema of what a command writes as JSON";
  static override usage = "schema [COMMAND]";
  static override args = {
    command: Args.custom<(typeof DOCUMENTS)[number]>({
      options: DOCUMENTS,
      description: `one of ${DOCUMENTS.join(", ")}`,
    })({ default: "diagnose", ignoreStdin: true }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Schema);
    await writeOutput(await renderJsonSchema(args.command));
  }
}
