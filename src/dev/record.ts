import { parseArgs } from "node:util";
import { openHost } from "../host/open-host.ts";
import { recordHost } from "../host/recording.ts";
import { writeRecording } from "../host/recording-file.ts";
import { diagnoseHost } from "../index.ts";

/** Records what a diagnosis of all VMs below ROOT reads: `node src/dev/record.ts ROOT FILE`. Values are masked as they are read. */
const { positionals } = parseArgs({ allowPositionals: true });
const [root, file] = positionals;
if (root === undefined || file === undefined) {
  throw new Error("usage: node src/dev/record.ts ROOT FILE");
}
const recording = recordHost(openHost(root));
const answer = await diagnoseHost(recording.host, { source: { root }, times: {}, vms: [] });
if (answer.status !== "diagnosed") throw new Error(`nothing to record: ${answer.status}`);
await writeRecording(file, recording.recorded());
