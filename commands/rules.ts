import { BaseCommand } from "../src/command-line/base-command.ts";
import { chosenCatalogueFormat } from "../src/command-line/output-format.ts";
import { screenFlags } from "../src/command-line/screen-flags.ts";
import { screen, writePage } from "../src/command-line/screen.ts";
import { catalogueFlags } from "../src/command-line/source-flags.ts";
import { catalogue, renderCatalogue } from "../src/index.ts";

export default class Rules extends BaseCommand {
  static override summary = "list what can be found";
  static override usage = "rules [FLAGS]";
  static override flags = { ...catalogueFlags, ...screenFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(Rules);
    const format = chosenCatalogueFormat(flags, "text");
    await writePage(renderCatalogue(catalogue(), format, screen(flags)), flags);
  }
}
