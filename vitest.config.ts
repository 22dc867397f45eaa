import { defineConfig } from "vitest/config";

const SCENARIOS = "test/scenarios/**/*.test.ts";

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The default leaves one core to a watcher; these tests wait for other programs most of the time.
    maxWorkers: 2,
    reporters: ["default", "./test/support/closing-line-reporter.ts"],
    projects: [
      // These start thousands of programs, and starting one costs the more the larger a worker has grown.
      { extends: true, test: { name: "scenarios", include: [SCENARIOS] } },
      // For these a worker of its own costs half a second a file; no test changes what another sees.
      {
        extends: true,
        test: {
          name: "tests",
          include: ["test/**/*.test.ts"],
          exclude: [SCENARIOS],
          isolate: false,
        },
      },
    ],
  },
});
