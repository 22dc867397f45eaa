import type { Format } from "../src/command-line/output-format.ts";
import Diagnose from "./diagnose.ts";

export default class Report extends Diagnose {
  static override summary = "write the incident up, in Markdown unless -o says otherwise";

  protected override readonly fallback: Format = "markdown";
}
