import type { LIFECYCLE } from "./journal-schema.ts";
import type { Moment } from "./journal-timeline.ts";

type Fields = Readonly<Record<string, string>>;
type Lifecycle = Extract<Moment, { kind: "lifecycle" }>;

export interface Subject {
  readonly unit: string;
  readonly description: string;
  readonly job: string;
}

const CODE = {
  jobStart: { CODE_FILE: "src/core/job.c", CODE_LINE: "627", CODE_FUNC: "job_emit_start_message" },
  jobDone: { CODE_FILE: "src/core/job.c", CODE_LINE: "818", CODE_FUNC: "job_emit_done_message" },
  success: { CODE_FILE: "src/core/unit.c", CODE_LINE: "6061", CODE_FUNC: "unit_log_success" },
  failure: { CODE_FILE: "src/core/unit.c", CODE_LINE: "6072", CODE_FUNC: "unit_log_failure" },
  exit: { CODE_FILE: "src/core/unit.c", CODE_LINE: "6114", CODE_FUNC: "unit_log_process_exit" },
  restart: {
    CODE_FILE: "src/core/service.c",
    CODE_LINE: "2685",
    CODE_FUNC: "service_enter_restart",
  },
} as const;

const STARTING = "7d4958e842da4a758f6c1cdc7b36dcc5";
const STARTED = "39f53479d3a045ac8e11786248231fbf";
const STATUS_NAMES: Readonly<Record<number, string>> = {
  1: "FAILURE",
  2: "INVALIDARGUMENT",
  203: "EXEC",
  243: "CREDENTIALS",
};

const jobStart = (job: string, type: string): Fields => ({
  ...CODE.jobStart,
  JOB_ID: job,
  JOB_TYPE: type,
});
const jobDone = (job: string, type: string, result = "done"): Fields => ({
  ...CODE.jobDone,
  JOB_ID: job,
  JOB_TYPE: type,
  JOB_RESULT: result,
});

/** What systemd 257 with `StatusUnitFormat=description` writes, field by field as in its captured journals. */
const WRITTEN: Readonly<
  Record<(typeof LIFECYCLE)[number], (subject: Subject, event: Lifecycle) => Fields>
> = {
  starting: ({ description, job }) => ({
    ...jobStart(job, "start"),
    MESSAGE_ID: STARTING,
    MESSAGE: `Starting ${description}...`,
  }),
  started: ({ description, job }) => ({
    ...jobDone(job, "start"),
    MESSAGE_ID: STARTED,
    MESSAGE: `Started ${description}.`,
  }),
  finished: ({ description, job }) => ({
    ...jobDone(job, "start"),
    MESSAGE_ID: STARTED,
    MESSAGE: `Finished ${description}.`,
  }),
  skipped: ({ description, job }, { condition = "" }) => ({
    ...jobDone(job, "start"),
    MESSAGE_ID: STARTED,
    MESSAGE: `${description} skipped, unmet condition check ${condition}`,
  }),
  "start-failed": ({ description, job }) => ({
    ...jobDone(job, "start", "failed"),
    PRIORITY: "3",
    MESSAGE_ID: "be02cf6855d2428ba40df7e9d022f03d",
    MESSAGE: `Failed to start ${description}.`,
  }),
  exited: ({ unit }, { status = 1, command = "ExecStart" }) => ({
    ...CODE.exit,
    PRIORITY: "5",
    MESSAGE_ID: "98e322203f7a4ed290d09fe03c09fe15",
    COMMAND: command,
    EXIT_CODE: "exited",
    EXIT_STATUS: String(status),
    MESSAGE: `${unit}: ${command === "ExecStart" ? "Main" : "Control"} process exited, code=exited, status=${status}/${STATUS_NAMES[status] ?? "n/a"}`,
  }),
  failed: ({ unit }, { result = "exit-code" }) => ({
    ...CODE.failure,
    PRIORITY: "4",
    MESSAGE_ID: "d9b373ed55a64feb8242e02dbe79a49c",
    UNIT_RESULT: result,
    MESSAGE: `${unit}: Failed with result '${result}'.`,
  }),
  deactivated: ({ unit }) => ({
    ...CODE.success,
    MESSAGE_ID: "7ad2d189f7e94e70a38c781354912448",
    MESSAGE: `${unit}: Deactivated successfully.`,
  }),
  "restart-scheduled": ({ unit }, { n = 1 }) => ({
    ...CODE.restart,
    MESSAGE_ID: "5eb03494b6584870a536b337290809b3",
    N_RESTARTS: String(n),
    MESSAGE: `${unit}: Scheduled restart job, restart counter is at ${n}.`,
  }),
  stopping: ({ description, job }, { job: type = "stop" }) => ({
    ...jobStart(job, type),
    MESSAGE_ID: "de5b426a63be47a7b6ac3eaac82e2f6f",
    MESSAGE: `Stopping ${description}...`,
  }),
  stopped: ({ description, job }, { job: type = "stop" }) => ({
    ...jobDone(job, type),
    MESSAGE_ID: "9d1aaa27d60140bd96365438aad20286",
    MESSAGE: `Stopped ${description}.`,
  }),
};

export const lifecycleFields = (subject: Subject, event: Lifecycle): Fields =>
  WRITTEN[event.event](subject, event);
