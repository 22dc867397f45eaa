import * as v from "valibot";
import { phase, status } from "./diagnosis.ts";
import { head, window } from "./looked-at.ts";
import { count, evidenceId, flag, hostOfSeveral, list, text, time } from "./pieces.ts";

const loop = v.pipe(
  v.object({
    count: count("How many starts."),
    failed: count("How many of them failed."),
    period: v.pipe(v.number(), v.description("Median microseconds from one start to the next.")),
    density: list(
      count("Starts."),
      "How many starts began in each of equal parts of the row's time.",
    ),
  }),
  v.title("A crash loop in numbers"),
);

const { index, kind, start, end, title } = phase.pipe[0].entries;

const happened = {
  time: time("When it happened."),
  until: v.exactOptional(time("The end of what lasted.")),
  phase: v.pipe(
    v.nullable(v.pipe(v.number(), v.integer())),
    v.description("The `index` of the phase that it belongs to."),
  ),
  kind: text("`host`, `operator`, `start`, `loop`, `guest`, `end`, `skipped` or `secrets`."),
  text: text("What happened."),
  alike: v.exactOptional(
    v.pipe(v.literal(true), v.description("A start of a loop of which only the time is kept.")),
  ),
  times: v.exactOptional(count("How often the same was said.")),
  loop: v.exactOptional(loop),
  cursor: v.exactOptional(text("The line of the journal, for `journalctl --cursor`.")),
  path: v.exactOptional(text("The path that it was seen at.")),
};

export const row = v.pipe(
  v.object({ ...happened, evidence: evidenceId }),
  v.title("One thing that happened, or a whole crash loop"),
);

/** A row that stands by itself. */
export const followedRow = v.object({
  host: hostOfSeveral,
  vm: text("The name of the VM."),
  ...happened,
});

export const timelineVm = v.pipe(
  v.object({
    host: hostOfSeveral,
    vm: text("The name of the VM."),
    status,
    phases: list(v.object({ index, kind, start, end, title }), "The story, in order."),
    rows: list(row, "What happened, in the order asked for."),
  }),
  v.title("The story of one VM"),
);

export const timeline = v.object({
  ...head,
  complete: flag("Everything that is required could be read."),
  window,
  vms: list(timelineVm, "The VMs, in the order asked for."),
});
