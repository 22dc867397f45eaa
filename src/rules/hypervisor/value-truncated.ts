import type { EvidenceRef } from "../../evidence/reference.ts";
import { isSpelling } from "../../facts/guest-wishes.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "hypervisor/value-truncated",
  severity: "error",
  part: "cause",
  docs: {
    what: "The value was cut in transit: a comma in an OEM string of cloud-hypervisor, for example.",
    why: "cloud-hypervisor splits its list of OEM strings at every comma, inside of a value too, and says nothing. The guest has the first part.",
    proof:
      "The guest's own size is smaller than the file's on the host, by more than a newline, on a way that splits.",
    ruledOut: "The sizes are equal, or the value is marked as base64 (.binary).",
    confusedWith: [
      {
        id: "source/stale-generation",
        tell: "There the guest has an older value, of whatever length.",
      },
      { id: "hypervisor/not-expanded", tell: "There the guest has the text of an expression." },
    ],
    repair: "Write the value as base64, with io.systemd.credential.binary:NAME=.",
    sources: ["cloud-hypervisor option_parser, v47, v48 and v53, compiled and run"],
  },
  requires: ["runners", "secrets", "secretFiles", "history"],
  *check({ runners, secrets, secretFiles, history }) {
    const runner = runners.current;
    const channel = runner?.channels.find(
      ({ kind }) => kind === "oem-runtime" || kind === "oem-literal",
    );
    const phase = history.phases.findLast(({ starts }) => starts.length > 0);
    if (runner?.hypervisor !== "cloud-hypervisor" || channel === undefined || phase === undefined)
      return;
    const here = new Set(phase.starts.map(({ id }) => id));
    const encoded =
      "values" in channel
        ? (channel.values ?? []).filter((value) => value.encoded).map(({ name }) => name)
        : [];
    for (const secret of secrets) {
      const report = secret.reports.findLast(({ start }) => here.has(start));
      const walk = secret.paths
        .map((path) => secretFiles.walks.get(path))
        .find((one) => one?.file?.stat.type === "file");
      const size = walk?.file?.stat.size ?? 0;
      // $(...) drops newlines at the end, and tr drops one.
      if (
        report === undefined ||
        walk === undefined ||
        report.bytes === 0 ||
        report.bytes >= size - 2
      )
        continue;
      if (encoded.some((name) => name === report.name || isSpelling(name, report.name))) continue;
      yield {
        title: `The guest has ${report.bytes} of ${size} bytes of ${secret.name}`,
        explanation: `${walk.path} has ${size} bytes, and the guest reports ${report.bytes}. cloud-hypervisor splits OEM strings at commas without a word: a value with a comma in it arrives cut.`,
        certainty: "strong",
        subject: { secret: secret.name, host: size, guest: report.bytes },
        evidence: nonEmpty<EvidenceRef>(report.ref, walk.ref, channel.ref),
        scope: {
          secrets: [secret.name],
          starts: [report.start],
          inForce: true,
          phase: phase.index,
        },
      };
    }
  },
});
