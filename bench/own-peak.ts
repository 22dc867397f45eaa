/** Loaded into mvdoctor with `node --import`: writes down how much memory this process had at most, without its children, in kB. */
import { readFileSync, writeFileSync } from "node:fs";

process.on("exit", () => {
  const file = process.env["MVDOCTOR_BENCH_PEAK"];
  // Not `resourceUsage().maxRSS`: that begins with what the process had before it became this program.
  const peak = /^VmHWM:\s+(?<kilobytes>\d+) kB$/mu.exec(readFileSync("/proc/self/status", "utf8"));
  if (file !== undefined) writeFileSync(file, peak?.groups?.["kilobytes"] ?? "");
});
