import * as Args from "@oclif/core/args";
import { BaseCommand } from "../src/command-line/base-command.ts";
import { EXIT } from "../src/command-line/exit-status.ts";
import { ExpectedError } from "../src/command-line/expected-error.ts";
import { chosenCatalogueFormat } from "../src/command-line/output-format.ts";
import { screenFlags } from "../src/command-line/screen-flags.ts";
import { screen, writePage } from "../src/command-line/screen.ts";
import { catalogueFlags } from "../src/command-line/source-flags.ts";
import { catalogue, renderCatalogueEntry } from "../src/index.ts";

export default class Explain extends BaseCommand {
  static override summary = "explain one rule by its id, as a report shows it";
  static override usage = "explain ID [FLAGS]";
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "such as access/file-mode" }),
  };
  static override flags = { ...catalogueFlags, ...screenFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Explain);
    const rule = catalogue().find(({ id }) => id === args.id);
    if (rule === undefined) {
      throw new ExpectedError(`there is no rule ${JSON.stringify(args.id)}`, {
        exitCode: EXIT.usage,
        hint: "mvdoctor rules lists them",
      });
    }
    const format = chosenCatalogueFormat(flags, "text");
    await writePage(renderCatalogueEntry(rule, format, screen(flags)), flags);
  }
}
