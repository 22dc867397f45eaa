import * as Args from "@oclif/core/args";
import { BaseCommand } from "../src/command-line/base-command.ts";
import { EXIT } from "../src/command-line/exit-status.ts";
import { ExpectedError } from "../src/command-line/expected-error.ts";
import { endWith } from "../src/command-line/interruption.ts";
import { listFlags, withWatchArgument } from "../src/command-line/list-flags.ts";
import { chosenFormat } from "../src/command-line/output-format.ts";
import { isRead, writeOutput } from "../src/command-line/output.ts";
import { withProgress } from "../src/command-line/progress.ts";
import { refusal } from "../src/command-line/refusal.ts";
import { reportRequest, writeReport } from "../src/command-line/report-request.ts";
import { quietFlag, screenFlags } from "../src/command-line/screen-flags.ts";
import { screen } from "../src/command-line/screen.ts";
import {
  outputFlags,
  redactionFlags,
  sourceFlags,
  sourceOf,
} from "../src/command-line/source-flags.ts";
import { warn } from "../src/command-line/warn.ts";
import { requireTerminal, showInPlace } from "../src/command-line/watched-screen.ts";
import { diagnose, render, vmNames, watchList } from "../src/index.ts";

type WatchedRequest = Parameters<typeof watchList>[0];

export default class List extends BaseCommand {
  static override summary = "show the VMs and how they are, a line each, what is broken first";
  static override description = `STATE is what the unit does; where it runs and the VM is not well, or that is not known, it says so instead.
FOR and RESTARTS are about what was read of the journal. SECRETS are those that the guest is known to have, of those that
somebody wants for it; a ? says that it is not known. VERSION compares what is booted, installed and declared, as microvm -l
does. A cause is looked for only in VMs that are not well.`;
  static override args = { vm: Args.string({ multiple: true, description: "VM to show" }) };
  static override flags = {
    ...sourceFlags,
    ...outputFlags,
    ...listFlags,
    ...screenFlags,
    ...quietFlag,
    ...redactionFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(List, withWatchArgument(this.argv));
    if (flags.names) {
      await this.names(flags, args.vm);
      return;
    }
    const format = chosenFormat(flags, "text");
    if (flags.watch !== undefined) requireTerminal();
    const request = {
      ...reportRequest(flags, args.vm),
      list: { mostDiagnosed: flags.causes },
    };
    if (flags.watch !== undefined) {
      await this.watch(request, flags.watch, () => screen(flags));
      return;
    }
    const answer = await withProgress(flags, (listener) => diagnose({ ...request, listener }));
    if (answer.status !== "diagnosed") throw refusal(answer);
    const page = render(answer.reports, "list", format, screen(flags));
    await writeReport(page, answer.redactionMap, flags);
    // It judges nothing: what it shows is there, and only what it could not read is missing.
    endWith(answer.complete ? EXIT.ok : EXIT.incomplete);
  }

  private async names(flags: NamesFlags, vms: readonly string[] | undefined): Promise<void> {
    if (vms !== undefined) {
      throw new ExpectedError("--names shows every VM: name none", { exitCode: EXIT.usage });
    }
    const answer = await vmNames(sourceOf(flags));
    if (answer.status !== "named") throw refusal(answer);
    const lines = answer.names.map((name) => `${name}\n`);
    await writeOutput(lines.join(""), { file: flags["output-file"] });
    warn(answer.unreadable);
    endWith(answer.unreadable.length === 0 ? EXIT.ok : EXIT.incomplete);
  }

  /** Shows the list again and again, until somebody interrupts or nobody reads any more. */
  private async watch(
    request: WatchedRequest,
    pause: number,
    options: () => ReturnType<typeof screen>,
  ): Promise<void> {
    for await (const answer of watchList(request, pause)) {
      if (answer.status !== "diagnosed") throw refusal(answer);
      await showInPlace(render(answer.reports, "list", "text", options()));
      if (!isRead()) break;
    }
    endWith(EXIT.ok);
  }
}

type NamesFlags = Parameters<typeof sourceOf>[0] & { readonly "output-file": string | undefined };
