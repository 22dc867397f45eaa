import type { Reporter, SerializedError, TestModule } from "vitest/node";
import { IS_CI } from "./ci.ts";

/** Ends a run in CI with one line that other programs can read: `12 passed, 0 failed, 1 skipped`. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    if (!IS_CI) return;
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number =>
      tests.filter((test) => test.result().state === state).length;
    // What broke outside of any test, such as an import, failed too.
    const broken = errors.length + modules.filter((module) => module.errors().length > 0).length;
    const skipped = count("skipped");
    console.log(
      `${count("passed")} passed, ${count("failed") + broken} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
    );
  }
}
