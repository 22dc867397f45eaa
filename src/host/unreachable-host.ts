import { endedStream } from "./ended-stream.ts";
import type { CommandResult, Host } from "./host.ts";
import { maskedHost } from "./masked-host.ts";

/** A host of which nothing can be asked, and why. */
export const unreachableHost = (origin: string, why: string): Host => {
  const refused = { status: "refused", reason: why } as const;
  const failed: CommandResult = {
    exitCode: null,
    stdout: "",
    stderr: why,
    failure: "not-possible",
  };
  return maskedHost({
    kind: "live",
    ownJournal: false,
    origin,
    unreachable: why,
    lstat: async () => refused,
    list: async () => refused,
    readText: async () => refused,
    run: async () => failed,
    stream: () => endedStream(failed),
  });
};
