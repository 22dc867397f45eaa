import type { CausalClaim } from "./rule.ts";

/** What follows where nobody put the secret there. */
export const NOT_MADE: readonly CausalClaim[] = [
  {
    mechanism: "secret-is-not-made",
    effects: [
      "source/path-missing",
      "credentials/source-missing",
      "credentials/environment-file",
      "runner/swallowed-read-error",
      "lifecycle/crash-loop",
      "lifecycle/start-limit",
      "lifecycle/never-started",
      "guest/empty-credential",
      "guest/absent-credential",
    ],
  },
];
