import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../../../../src/command-line/base-command.ts";
import { EXIT } from "../../../../src/command-line/exit-status.ts";
import { ExpectedError } from "../../../../src/command-line/expected-error.ts";
import { chosenFormat } from "../../../../src/command-line/output-format.ts";
import { writeOutput } from "../../../../src/command-line/output.ts";
import { failOnFlag, outputFlags, sourceFlags } from "../../../../src/command-line/source-flags.ts";

const FAILURES: Readonly<Record<string, () => unknown>> = {
  expected: () => {
    throw new ExpectedError("no such VM: ghost", {
      exitCode: EXIT.unknownVm,
      hint: "mvdoctor list shows the VMs",
      details: { vm: "ghost" },
    });
  },
  bug: () => {
    throw new TypeError("cannot read the unreadable");
  },
  "late-bug": () => {
    setTimeout(() => {
      throw new TypeError("too late to catch");
    });
  },
  interrupt: () => {
    process.kill(process.pid, "SIGINT");
    return new Promise((resolve) => {
      setTimeout(resolve, 60_000);
    });
  },
  "never-settles": () => new Promise(() => undefined),
};

/** Shows what it was asked, or fails as it was asked. */
export default class Probe extends BaseCommand {
  static override summary = "show what was asked";
  static override args = { vm: Args.string({ multiple: true }) };
  static override flags = {
    ...sourceFlags,
    ...outputFlags,
    ...failOnFlag,
    fail: Flags.string({ options: Object.keys(FAILURES) }),
    size: Flags.integer({ default: 0 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Probe);
    await FAILURES[flags.fail ?? ""]?.();
    const format = chosenFormat(flags, "text");
    const asked = { vms: args.vm ?? [], flags, format, padding: "x".repeat(flags.size) };
    await writeOutput(`${JSON.stringify(asked)}\n`, { file: flags["output-file"] });
    process.exitCode = EXIT.findings;
  }
}
