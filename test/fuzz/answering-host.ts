import type { Host } from "../../src/host/host.ts";
import { maskedHost } from "../../src/host/masked-host.ts";

/** A host whose every program prints the same, and whose every file that may be read holds the same. */
export const answeringHost = (bytes: Buffer): Host => {
  const stdout = bytes.toString("utf8");
  return maskedHost({
    kind: "live",
    ownJournal: true,
    origin: "this host",
    lstat: async () => ({ status: "absent" }),
    list: async () => ({ status: "absent" }),
    readText: async () => ({ status: "present", value: stdout.slice(0, 1000) }),
    run: async () => ({ exitCode: 0, stdout, stderr: "" }),
    stream: () => ({
      lines: (async function* () {
        for (const line of stdout.split("\n")) yield Buffer.from(line);
      })(),
      end: Promise.resolve({ exitCode: 0, stderr: "" }),
    }),
  });
};
