import type { CommandRef } from "../evidence/reference.ts";
import type { LiveUnit } from "../evidence/unit.ts";
import type { Host } from "../host/host.ts";
import { hostPath, micros, type Micros, type UnitName } from "../vocabulary.ts";
import { whyNoAnswer } from "./losses.ts";

const LIVE_PROPERTIES = [
  "ActiveState",
  "SubState",
  "Result",
  "InvocationID",
  "MainPID",
  "NeedDaemonReload",
  "ActiveEnterTimestamp",
];

/** What systemd itself says of a unit right now, or why it does not; neither where none can be asked. */
export interface LiveUnitRead {
  readonly live?: LiveUnit;
  readonly problem?: string;
}

export const collectLiveUnit = async (host: Host, unit: UnitName): Promise<LiveUnitRead> => {
  if (host.kind === "root") return {};
  const args = ["show", `--property=${LIVE_PROPERTIES.join(",")}`, unit];
  const result = await host.run({ program: "systemctl", args });
  // A bundle of a host whose systemd was not asked.
  if (result.failure === "not-possible") return {};
  if (result.exitCode !== 0) return { problem: whyNoAnswer("systemctl", result) };
  const values = new Map(
    result.stdout.split("\n").flatMap((line) => {
      const at = line.indexOf("=");
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
    }),
  );
  const activeState = values.get("ActiveState");
  if (activeState === undefined)
    return { problem: "systemctl show answered in a form that is not known" };
  const invocation = values.get("InvocationID");
  const mainPid = Number(values.get("MainPID"));
  const ref: CommandRef = {
    kind: "command",
    argv: ["systemctl", ...args],
    exitCode: 0,
    text: `ActiveState=${activeState} SubState=${values.get("SubState") ?? ""} Result=${values.get("Result") ?? ""}`,
  };
  const activeSince = parseTimestamp(values.get("ActiveEnterTimestamp"));
  const upFor = mainPid > 0 ? await ageOf(host, mainPid) : undefined;
  const live: LiveUnit = {
    activeState,
    subState: values.get("SubState") ?? "",
    result: values.get("Result") ?? "",
    needsReload: values.get("NeedDaemonReload") === "yes",
    ...(invocation === undefined || invocation === "" ? {} : { invocation }),
    ...(mainPid > 0 ? { mainPid } : {}),
    ...(activeState !== "active" || activeSince === undefined ? {} : { activeSince }),
    ...(upFor === undefined ? {} : { upFor }),
    ref,
  };
  return { live };
};

/** `Sat 2025-09-27 05:40:00 UTC`, as systemctl prints a time in the zone that we ask it for; `undefined` for any other. */
const parseTimestamp = (text: string | undefined): Micros | undefined => {
  const found = /(?<day>\d{4}-\d{2}-\d{2}) (?<time>\d{2}:\d{2}:\d{2}) UTC$/u.exec(
    text ?? "",
  )?.groups;
  const millis = Date.parse(`${found?.["day"]}T${found?.["time"]}Z`);
  return Number.isNaN(millis) ? undefined : micros(millis * 1000);
};

/** proc_pid_stat(5), field 22: in clock ticks after boot, of which a second has 100 on every Linux. */
const TICK = 10_000;

/** How long a process has lived, in microseconds; both ends are counted from boot, so that no clock is asked. */
const ageOf = async (host: Host, pid: number): Promise<number | undefined> => {
  const [stat, uptime] = [
    await host.readText(hostPath(`/proc/${pid}/stat`)),
    await host.readText(hostPath("/proc/uptime")),
  ];
  if (stat.status !== "present" || uptime.status !== "present") return undefined;
  // The name in parentheses may hold anything, spaces and parentheses too.
  const fields = stat.value.slice(stat.value.lastIndexOf(")") + 2).split(" ");
  const age = Number.parseFloat(uptime.value) * 1_000_000 - Number(fields[19]) * TICK;
  return Number.isFinite(age) && age >= 0 ? Math.round(age) : undefined;
};
