import type { Reporter, Trial } from "./part.ts";

/** Prints a line for each trial, and counts. */
export class LabReport implements Reporter {
  readonly #count = { passed: 0, failed: 0, skipped: 0 };
  readonly #print: (line: string) => void;
  #heading = "";

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  passed(trial: Trial, said: string): void {
    this.#count.passed += 1;
    this.#line(trial, "ok", inSeconds(trial), [said]);
  }

  failed(trial: Trial, differences: readonly string[]): void {
    this.#count.failed += 1;
    this.#line(trial, "DIFFERS", inSeconds(trial), differences);
  }

  skipped(trial: Omit<Trial, "seconds">, why: string): void {
    this.#count.skipped += 1;
    this.#line(trial, "skipped", "", why.split("\n"));
  }

  note(text: string): void {
    this.#print(`# ${text}`);
  }

  get hasFailed(): boolean {
    return this.#count.failed > 0;
  }

  /** The last line of a run, which other programs read. */
  close(): void {
    const { passed, failed, skipped } = this.#count;
    this.#print(`lab: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  }

  #line(
    { part, on, name }: Omit<Trial, "seconds">,
    outcome: string,
    seconds: string,
    words: readonly string[],
  ): void {
    const heading = `${part}, ${on}`;
    if (heading !== this.#heading) this.#print(`${heading}:`);
    this.#heading = heading;
    const [only] = words;
    const line = `  ${outcome.padEnd(7)} ${name.padEnd(26)} ${seconds.padStart(7)}`;
    if (words.length === 1 && only !== undefined && line.length + only.length + 2 <= WIDTH) {
      this.#print(`${line}  ${only}`);
      return;
    }
    this.#print(line.trimEnd());
    for (const word of words) this.#print(`    ${word}`);
  }
}

const WIDTH = 80;

const inSeconds = ({ seconds }: Trial): string => `${seconds.toFixed(1)} s`;
