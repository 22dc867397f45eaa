import type { EvidenceRef } from "../../evidence/reference.ts";
import { meaningsIn } from "../../facts/starts.ts";
import { ENDS_THE_VMM } from "../hypervisor-effects.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

/** The longest single argument: 32 pages, MAX_ARG_STRLEN (execve(2)). */
const MOST_ARGUMENT = 131_071;

export default defineRule({
  id: "hypervisor/too-large",
  severity: "error",
  part: "cause",
  docs: {
    what: "The value is over the channel's limit.",
    why: "A value that travels as an argument may not make it longer than 128 KiB; base64 makes it a third longer. The kernel refuses to start the VMM.",
    proof: "`Argument list too long` in the start, or the size of a file that becomes an argument.",
    ruledOut: "The value travels by file, or all values together are far below the limit.",
    confusedWith: [
      { id: "credentials/too-large", tell: "There systemd refuses it, at 1 MiB." },
      { id: "hypervisor/value-truncated", tell: "There the VMM runs, and the guest has less." },
    ],
    repair: "Hand it over by file (fw_cfg with QEMU) or by a share.",
    sources: ["execve(2), Limits on size of arguments and environment", "systemd#38202"],
  },
  requires: ["history", "runners", "secrets"],
  optional: ["secretFiles"],
  causes: ENDS_THE_VMM,
  *check({ history, runners, secrets, secretFiles }) {
    const phase = history.phases.findLast(({ starts }) => starts.length > 0);
    const words = (phase?.starts ?? []).flatMap((start) =>
      meaningsIn(start, "vmm-error")
        .filter(({ meaning }) => meaning.about === "size")
        .map(({ ref }) => ({ start, ref })),
    );
    const channel = runners.current?.channels.find(
      ({ kind }) =>
        kind === "oem-runtime" || kind === "smbios-argument" || kind === "fw-cfg-string",
    );
    const large = secrets.flatMap(({ name, paths }) =>
      paths.flatMap((path) => {
        const walk = secretFiles?.walks.get(path);
        return (walk?.file?.stat.size ?? 0) * (4 / 3) > MOST_ARGUMENT && walk !== undefined
          ? [{ name, walk }]
          : [];
      }),
    );
    const [first] = words;
    const [big] = large;
    const ref = first?.ref ?? (channel === undefined ? undefined : big?.walk.ref);
    if (ref === undefined) return;
    yield {
      title: "A value is too long for the VMM's command line",
      explanation:
        `${first === undefined ? "The next start would be refused" : "The kernel refused to start the VMM"}: one argument may have ${MOST_ARGUMENT} bytes.` +
        (big === undefined ? "" : ` ${big.walk.path} alone has ${big.walk.file?.stat.size ?? 0}.`),
      certainty: first === undefined ? "strong" : "proven",
      subject: { most: MOST_ARGUMENT },
      evidence: nonEmpty<EvidenceRef>(
        ref,
        ...(channel === undefined ? [] : [channel.ref]),
        ...large.map(({ walk }) => walk.ref),
      ),
      scope: {
        secrets: large.length > 0 ? large.map(({ name }) => name) : secrets.map(({ name }) => name),
        starts: words.map(({ start }) => start.id),
        inForce: !history.running,
        ...(phase === undefined ? {} : { phase: phase.index }),
      },
    };
  },
});
