/** How long mvdoctor takes to start, next to Node itself on the same machine at the same time. Judges nothing. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { performance } from "node:perf_hooks";

const RUNS = 15;

const bin = join(import.meta.dirname, "../dist/bin.js");

const CASES = [
  { name: "node -e 0", args: ["-e", "0"] },
  { name: "--version", args: [bin, "--version"], aim: 3 },
  { name: "--help", args: [bin, "--help"], aim: 4 },
];

const milliseconds = (args: readonly string[]): number => {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}; is dist/ built?`);
  return performance.now() - start;
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const measured = new Map<string, number[]>(CASES.map(({ name }) => [name, []]));
// In turns, so that a busy moment of the machine meets all of them.
for (let run = 0; run < RUNS; run += 1) {
  for (const { name, args } of CASES) measured.get(name)?.push(milliseconds(args));
}

const floor = median(measured.get("node -e 0") ?? []);
for (const { name, aim } of CASES) {
  const time = median(measured.get(name) ?? []);
  const ratio = time / floor;
  const verdict = aim === undefined ? "" : `  aim ${aim}x: ${ratio <= aim ? "holds" : "missed"}`;
  console.log(
    `${name.padEnd(10)} ${time.toFixed(1).padStart(7)} ms  ${ratio.toFixed(2)}x${verdict}`,
  );
}
