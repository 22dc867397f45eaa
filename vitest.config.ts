import { defineConfig } from "vitest/config";

/** Folders whose tests start many programs. */
const STARTING = [
  "browser",
  "command-line",
  "docs",
  "faults",
  "host/remote",
  "incident",
  "journal",
  "live",
  "package",
  "scenarios",
].map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One more than the cores that CI has: these tests wait for other programs half of the time.
    maxWorkers: 3,
    reporters: ["default", "./test/support/closing-line-reporter.ts"],
    projects: [
      // Starting a program costs the more the larger a worker has grown.
      { extends: true, test: { name: "starting", include: STARTING } },
      // For these a worker of its own costs half a second a file; no test changes what another sees.
      {
        extends: true,
        test: {
          name: "computing",
          include: ["test/**/*.test.ts"],
          exclude: STARTING,
          isolate: false,
        },
      },
    ],
  },
});
