import * as Args from "@oclif/core/args";
import { BaseCommand } from "../src/command-line/base-command.ts";
import { eventCommand, type EventCommand } from "../src/command-line/event-command.ts";
import { EXIT } from "../src/command-line/exit-status.ts";
import { endWith, interruption } from "../src/command-line/interruption.ts";
import { chosenFormat } from "../src/command-line/output-format.ts";
import { isRead, writeOutput } from "../src/command-line/output.ts";
import { startProgress } from "../src/command-line/progress.ts";
import { refusal } from "../src/command-line/refusal.ts";
import { reportRequest } from "../src/command-line/report-request.ts";
import { screen } from "../src/command-line/screen.ts";
import { warn } from "../src/command-line/warn.ts";
import { watchedSourceFlags, watchFlags } from "../src/command-line/watch-flags.ts";
import { warnings, watch, watchedFrom, watchedJson, watchedText } from "../src/index.ts";

export default class Watch extends BaseCommand {
  static override summary =
    "tell of each finding once it becomes true, and once it no longer is; without a VM: every VM found";
  static override args = { vm: Args.string({ multiple: true, description: "VM to watch" }) };
  static override flags = { ...watchedSourceFlags, ...watchFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Watch);
    const wishes = { ...flags, "output-file": undefined };
    const format = chosenFormat(wishes, "text");
    const asText = watchedText(screen(flags));
    const show = format === "json" ? watchedJson : asText;
    const command = flags.exec === undefined ? undefined : eventCommand(flags.exec);
    const once = onceEach();
    let isFirst = true;
    let failed: ReturnType<typeof refusal> | undefined;
    const { listener, end } = startProgress(flags);
    const request = { ...reportRequest(wishes, args.vm), listener };
    const looks = endedAfterFirst(watch(request, flags.severity), end);
    for await (const watched of looks) {
      if (failed !== undefined) once([`${failed.message}; the watching goes on`]);
      failed = watched.status === "looked" ? undefined : refusal(watched);
      if (watched.status !== "looked") {
        if (isFirst) break;
        continue;
      }
      const { report, news } = watched;
      once(warnings([report]));
      if (isFirst && !flags.quiet) warn([watchedFrom(report, news)]);
      isFirst = false;
      const wanted = news.filter(({ event }) => event !== "already" || !flags["only-new"]);
      await writeOutput(wanted.map((one) => show(one, report)).join(""));
      for (const one of wanted) command?.tell(eventOf(one, watchedJson(one, report)));
      if (!isRead()) break;
    }
    if (failed !== undefined && !interruption().aborted) throw failed;
    await command?.ended();
    endWith(EXIT.ok);
  }
}

type News = Parameters<typeof watchedJson>[0];

const eventOf = (
  { event, vm, finding }: News,
  json: string,
): Parameters<EventCommand["tell"]>[0] => ({
  json,
  variables: {
    MVDOCTOR_EVENT: event === "resolved" ? "resolved" : "appeared",
    MVDOCTOR_ALREADY: event === "already" ? "1" : "0",
    MVDOCTOR_VM: vm,
    MVDOCTOR_RULE: finding.id,
    MVDOCTOR_SEVERITY: finding.severity,
  },
});

/** The same looks; the progress is that of the first one, and ends where that fails. */
async function* endedAfterFirst<Look>(
  looks: AsyncIterable<Look>,
  end: () => void,
): AsyncGenerator<Look> {
  try {
    for await (const look of looks) {
      end();
      yield look;
    }
  } finally {
    end();
  }
}

/** Warns of each line once, however often a look finds the same. */
const onceEach = (): ((lines: readonly string[]) => void) => {
  const told = new Set<string>();
  return (lines) => {
    warn(lines.filter((line) => !told.has(line)));
    for (const line of lines) told.add(line);
  };
};
