import { errnoWord } from "./errno.ts";
import type { LIFECYCLE, SpawnStep } from "./journal-schema.ts";
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
  condition: { CODE_FILE: "src/core/job.c", CODE_LINE: "801", CODE_FUNC: "job_emit_done_message" },
  invalidated: {
    CODE_FILE: "src/core/job.c",
    CODE_LINE: "1078",
    CODE_FUNC: "job_finish_and_invalidate",
  },
  child: { CODE_FILE: "src/core/exec-invoke.c", CODE_LINE: "4847", CODE_FUNC: "exec_invoke" },
  executor: { CODE_FILE: "src/core/executor.c", CODE_LINE: "254", CODE_FUNC: "run" },
  environment: { CODE_FILE: "src/core/execute.c", CODE_LINE: "458", CODE_FUNC: "exec_spawn" },
  noTask: { CODE_FILE: "src/core/service.c", CODE_LINE: "2534", CODE_FUNC: "service_enter_start" },
  limit: { CODE_FILE: "src/core/unit.c", CODE_LINE: "1818", CODE_FUNC: "unit_test_start_limit" },
  timer: {
    CODE_FILE: "src/core/service.c",
    CODE_LINE: "4295",
    CODE_FUNC: "service_dispatch_timer",
  },
  watchdog: {
    CODE_FILE: "src/core/service.c",
    CODE_LINE: "5367",
    CODE_FUNC: "service_dispatch_watchdog",
  },
  oom: { CODE_FILE: "src/core/cgroup.c", CODE_LINE: "3955", CODE_FUNC: "unit_check_oom" },
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
  200: "CHDIR",
  203: "EXEC",
  216: "GROUP",
  217: "USER",
  226: "NAMESPACE",
  243: "CREDENTIALS",
};
const SIGNAL_NAMES: Readonly<Record<number, string>> = {
  6: "ABRT",
  7: "BUS",
  9: "KILL",
  11: "SEGV",
  15: "TERM",
};
const UNIT_FAILED = "be02cf6855d2428ba40df7e9d022f03d";
const PROTOCOL_ERROR = 71;
const NO_SUCH_FILE = 2;

/** What comes before "Failed at step"; the step EXEC says nothing more. */
const SPAWN_REASONS: Readonly<Partial<Record<SpawnStep, string>>> = {
  CREDENTIALS: "Failed to set up credentials",
  USER: "Failed to determine user credentials",
  GROUP: "Failed to determine group credentials",
  CHDIR: "Changing to the requested working directory failed",
  NAMESPACE: "Failed to set up mount namespacing",
};

const errnoOf = ({ errno, step }: Lifecycle): number =>
  errno ?? (step === "CREDENTIALS" || step === undefined ? PROTOCOL_ERROR : NO_SUCH_FILE);

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

const executableOf = ({ unit }: Subject, { executable }: Lifecycle): string =>
  executable ??
  `/var/lib/microvms/${unit.replace(/^[^@]*@|\.service$/gu, "")}/current/bin/microvm-run`;

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
    ...CODE.condition,
    MESSAGE_ID: STARTED,
    MESSAGE: `${description} skipped, unmet condition check ${condition}`,
  }),
  "start-failed": ({ description, job }) => ({
    ...jobDone(job, "start", "failed"),
    PRIORITY: "3",
    MESSAGE_ID: UNIT_FAILED,
    MESSAGE: `Failed to start ${description}.`,
  }),
  exited: ({ unit }, { status = 1, code = "exited", command = "ExecStart" }) => ({
    ...CODE.exit,
    PRIORITY: code === "exited" ? "5" : "4",
    MESSAGE_ID: "98e322203f7a4ed290d09fe03c09fe15",
    COMMAND: command,
    EXIT_CODE: code,
    EXIT_STATUS: String(status),
    MESSAGE: `${unit}: ${command === "ExecStart" ? "Main" : "Control"} process exited, code=${code}, status=${status}/${(code === "exited" ? STATUS_NAMES : SIGNAL_NAMES)[status] ?? "n/a"}`,
  }),
  "spawn-failed": (subject, event) => ({
    ...CODE.executor,
    PRIORITY: "3",
    MESSAGE_ID: "641257651c1b4ec9a8624d7a40a9e1e7",
    EXECUTABLE: executableOf(subject, event),
    ERRNO: String(errnoOf(event)),
    MESSAGE: `${subject.unit}: Failed at step ${event.step ?? "CREDENTIALS"} spawning ${executableOf(subject, event)}: ${errnoWord(errnoOf(event))}`,
  }),
  "dependency-failed": ({ description, job }) => ({
    ...jobDone(job, "start", "dependency"),
    PRIORITY: "4",
    MESSAGE_ID: UNIT_FAILED,
    MESSAGE: `Dependency failed for ${description}.`,
  }),
  "environment-failed": ({ unit }, { errno = NO_SUCH_FILE }) => ({
    ...CODE.noTask,
    PRIORITY: "4",
    ERRNO: String(errno),
    MESSAGE: `${unit}: Failed to spawn 'start' task: ${errnoWord(errno)}`,
  }),
  repeated: ({ unit }) => ({
    ...CODE.limit,
    PRIORITY: "4",
    MESSAGE: `${unit}: Start request repeated too quickly.`,
  }),
  "timed-out": ({ unit }, { job = "start" }) => ({
    ...CODE.timer,
    PRIORITY: "4",
    MESSAGE:
      job === "start"
        ? `${unit}: start operation timed out. Terminating.`
        : `${unit}: State 'stop-sigterm' timed out. Killing.`,
  }),
  watchdog: ({ unit }) => ({
    ...CODE.watchdog,
    PRIORITY: "3",
    MESSAGE: `${unit}: Watchdog timeout (limit 1min)!`,
  }),
  "oom-killed": ({ unit }) => ({
    ...CODE.oom,
    PRIORITY: "5",
    MESSAGE_ID: "fe6faa94e7774663a0da52717891d8ef",
    MESSAGE: `${unit}: A process of this unit has been killed by the OOM killer.`,
  }),
  "core-dumped": ({ unit }, { status = 11, pid = 0, executable = "" }) => ({
    PRIORITY: "2",
    MESSAGE_ID: "fc2e22bc6ee647b6b90729ab34a250b1",
    COREDUMP_UNIT: unit,
    COREDUMP_PID: String(pid),
    COREDUMP_SIGNAL: String(status),
    COREDUMP_SIGNAL_NAME: `SIG${SIGNAL_NAMES[status] ?? String(status)}`,
    COREDUMP_EXE: executable,
    COREDUMP_COMM: executable.slice(executable.lastIndexOf("/") + 1).slice(0, 15),
    MESSAGE: `Process ${pid} (${executable.slice(executable.lastIndexOf("/") + 1).slice(0, 15)}) of user 986 dumped core.`,
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

/** The fields of an event, and of the entries that systemd writes with it, in their order. */
export const lifecycleFields = (subject: Subject, event: Lifecycle): readonly Fields[] => {
  const own = WRITTEN[event.event](subject, event);
  const said = event.message === undefined ? own : { ...own, MESSAGE: event.message };
  return [...before(subject, event), said, ...after(subject, event)];
};

const before = ({ unit }: Subject, event: Lifecycle): readonly Fields[] => {
  const errno = errnoOf(event);
  const reason = SPAWN_REASONS[event.step ?? "CREDENTIALS"];
  if (event.event === "spawn-failed" && reason !== undefined)
    return [
      {
        ...CODE.child,
        PRIORITY: "3",
        ERRNO: String(errno),
        MESSAGE: `${unit}: ${reason}: ${errnoWord(errno)}`,
      },
    ];
  if (event.event !== "environment-failed") return [];
  const missing = event.errno ?? NO_SUCH_FILE;
  return [
    {
      ...CODE.environment,
      PRIORITY: "3",
      ERRNO: String(missing),
      MESSAGE: `${unit}: Failed to load environment files: ${errnoWord(missing)}`,
    },
  ];
};

const after = ({ unit, job }: Subject, { event }: Lifecycle): readonly Fields[] =>
  event === "dependency-failed"
    ? [
        {
          ...jobDone(job, "start", "dependency"),
          ...CODE.invalidated,
          PRIORITY: "5",
          MESSAGE: `${unit}: Job ${unit}/start failed with result 'dependency'.`,
        },
      ]
    : [];
