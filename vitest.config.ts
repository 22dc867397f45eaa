import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The default leaves one core to a watcher; these tests wait for other programs most of the time.
    maxWorkers: 2,
    // A worker for each file would cost half a second each, and no test changes what another sees.
    isolate: false,
    reporters: ["default", "./test/support/closing-line-reporter.ts"],
  },
});
