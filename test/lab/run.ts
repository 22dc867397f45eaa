import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { PARTS } from "./parts.ts";
import { LabReport } from "./report.ts";

/**
 * `npm run lab -- [PART...] [--bounded] [--only TRIAL]... [--systemd VERSION]... [--capture DIR]`: every part, or those that are named.
 * Ends with 1 where something was not as
 * it was to be, with 2 where the words are wrong, with 130 where somebody interrupted.
 */
const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      bounded: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      systemd: { type: "string", multiple: true, default: [] },
      capture: { type: "string" },
    },
  });
  const unknown = positionals.filter((name) => !PARTS.some((part) => part.name === name));
  if (unknown.length > 0) {
    console.error(
      `no such part: ${unknown.join(", ")}; there are ${PARTS.map(({ name }) => name).join(", ")}`,
    );
    return 2;
  }
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    // Not once: whoever else listens, as execa does, ends the process where nobody is left who does not.
    process.on(signal, () => interruption.abort(new Error(`interrupted by ${signal}`)));
  const captures = values.capture === undefined ? undefined : resolve(values.capture);
  if (captures !== undefined) await mkdir(captures, { recursive: true });
  const options = {
    bounded: values.bounded,
    only: values.only,
    systemd: values.systemd,
    signal: interruption.signal,
    ...(captures === undefined ? {} : { captures }),
  };

  const report = new LabReport((line) => console.log(line));
  const chosen = PARTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  for (const part of chosen) {
    if (interruption.signal.aborted) break;
    const missing = await part.missing();
    if (missing.length > 0) {
      for (const why of missing)
        report.skipped({ part: part.name, on: "this machine", name: "all of it" }, why);
      continue;
    }
    try {
      await part.run(report, options);
    } catch (error) {
      if (interruption.signal.aborted) break;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const trial = { part: part.name, on: "this machine", name: "the lab itself", seconds: 0 };
      report.failed(trial, text.split("\n"));
    }
  }
  report.close();
  if (interruption.signal.aborted) return 130;
  return report.hasFailed ? 1 : 0;
};

process.exitCode = await main();
