import { Command } from "@oclif/core/command";
import type { Input, ParserOutput } from "@oclif/core/interfaces";
import { withBootArgument } from "./boot-argument.ts";
import { reportFailure } from "./failure.ts";

/** What all commands share: `-b` without a value, and one way to fail. */
export abstract class BaseCommand extends Command {
  // oclif's own repeats every flag.
  static override usage: string | string[] | undefined = "<%= command.id %> [VM...] [FLAGS]";

  protected override async parse<
    Flags extends Record<string, unknown>,
    BaseFlags extends Record<string, unknown>,
    Args extends Record<string, unknown>,
  >(
    options?: Input<Flags, BaseFlags, Args>,
    argv: string[] = this.argv,
  ): Promise<ParserOutput<Flags, BaseFlags, Args>> {
    return super.parse(options, withBootArgument(argv));
  }

  /** Tells the failure itself and swallows it: oclif would end with 1 for a bug, which means "findings". */
  protected override async catch(error: Error): Promise<void> {
    await reportFailure(error, [this.id ?? "", ...this.argv]);
    // Otherwise oclif warns of a command that never parsed when parsing is what failed.
    this.parsed = true;
  }
}
