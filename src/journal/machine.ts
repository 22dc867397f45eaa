import type { Host } from "../host/host.ts";
import { hostPath } from "../vocabulary.ts";
import { parseJsonEntry } from "./entry.ts";

/** Whether the journal that a host reads was written by the machine whose files it reads. */
export const belongsToThisMachine = async (host: Host): Promise<boolean> => {
  const [own, newest] = await Promise.all([
    host.readText(hostPath("/etc/machine-id")),
    host.run({ program: "journalctl", args: ["--lines=1", "--output=json"] }),
  ]);
  const [line = ""] = newest.stdout.split("\n", 1);
  const writer = parseJsonEntry(Buffer.from(line))?.fields["_MACHINE_ID"];
  return own.status === "present" && writer !== undefined && own.value.trim() === writer;
};
