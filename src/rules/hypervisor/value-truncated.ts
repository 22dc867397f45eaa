import type { EvidenceRef } from "../../evidence/reference.ts";
import { fileRead, newestReport, passedValues, startsOfRunner } from "../../facts/passed-values.ts";
import { counted } from "../../facts/wording.ts";
import { LOST_ON_THE_WAY, scopeOfRunner } from "../handover-effects.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

/** `$(...)` and `tr -d '\n'` take a line break off; an editor on another system leaves two bytes. */
const LINE_BREAK = 2;

export default defineRule({
  id: "hypervisor/value-truncated",
  severity: "error",
  part: "cause",
  docs: {
    what: "The value was cut in transit: a comma in a cloud-hypervisor OEM string ends it.",
    why: "cloud-hypervisor splits the list of OEM strings at every comma, also inside a value, and says nothing. The guest gets the part in front of the first comma; what is behind it becomes a string of its own that nobody asks for.",
    proof:
      "The guest reports fewer bytes than systemd's copy for the unit has, or than the file on the host, by more than a line break, and the runner passes the value in OEM strings without base64.",
    ruledOut:
      "The sizes are equal, or differ by the line break that the shell takes off; the value goes as base64. A file that was written after the VM started weakens it.",
    confusedWith: [
      {
        id: "hypervisor/not-expanded",
        tell: "There the guest's size is that of a command's characters in the runner.",
      },
      {
        id: "source/stale-generation",
        tell: "There the guest has another, older value, whole.",
      },
      { id: "guest/empty-credential", tell: "There nothing arrives at all." },
    ],
    repair:
      "Pass it as base64: `io.systemd.credential.binary:NAME=$(base64 --wrap=0 FILE)`; base64 has no comma.",
    upstream: [
      {
        project: "cloud-hypervisor",
        note: "Commas split in every version known (47, 48 and 53 tried). Up to 47 quotes around a value are taken off, which costs two bytes.",
      },
    ],
    sources: [
      "cloud-hypervisor option_parser/src/lib.rs at ae44c29: split_commas, StringList",
      "measured: option_parser of 47, 48 and 53",
    ],
  },
  requires: ["runners", "secrets", "secretFiles", "history"],
  optional: ["unit", "credentialStore"],
  causes: [LOST_ON_THE_WAY],
  *check({ runners, secrets, secretFiles, history, unit, credentialStore }) {
    const runner = runners.current;
    if (runner?.hypervisor !== "cloud-hypervisor") return;
    // What another program made of the file has a size of its own.
    const isFiltered = [runner.credentialsDirectory, ...runner.reads].some(
      (use) => use?.filtered === true,
    );
    if (isFiltered) return;
    const { starts, phase } = startsOfRunner(runner, history);
    for (const { value, ref, channel } of passedValues(runner)) {
      if (channel !== "oem-runtime" || value.form !== "expanded" || value.encoded) continue;
      const secret = secrets.find(({ guestNames }) => guestNames.includes(value.name));
      if (secret === undefined) continue;
      const report = newestReport(secret, starts);
      const start = phase?.starts.find(({ id }) => id === report?.start);
      const read = fileRead(secret, secretFiles, {
        ...(unit === undefined ? {} : { unit }),
        ...(credentialStore === undefined ? {} : { credentialStore }),
      });
      if (report === undefined || start === undefined || read === undefined) continue;
      const lost = read.stat.size - report.bytes;
      if (report.bytes === 0 || lost <= LINE_BREAK) continue;
      const isNewer = read.of === "source" && read.stat.mtime > start.first.time;
      yield {
        title: `The guest has ${report.bytes} of the ${read.stat.size} bytes of ${value.name}`,
        explanation: `The runner passes ${value.name} in a cloud-hypervisor OEM string as it is. cloud-hypervisor ends a string at a comma, also inside a value, without an error; ${counted(lost, "byte")} are missing in the guest. Where the comma is cannot be told without reading the value, but a comma behind byte ${report.bytes} would do exactly this.${isNewer ? " The file was written after that start: if its length changed then, the guest has an older value, whole." : ""}`,
        certainty: isNewer ? "weak" : "strong",
        subject: { credential: value.name, host: read.stat.size, guest: report.bytes },
        evidence: nonEmpty<EvidenceRef>(report.ref, read.ref, ref),
        scope: scopeOfRunner(runner, history, [secret.name]),
        remedies: [
          {
            title: "Hand the value over as base64",
            kind: "advice",
            snippet: `value=$(base64 --wrap=0 "$CREDENTIALS_DIRECTORY/name")\nstrings="io.systemd.credential.binary:${value.name}=$value"`,
            clears: ["hypervisor/value-truncated"],
            leaves: ["exposure/command-line"],
            cost: "The guest's systemd decodes it; the value still is an argument of the VMM.",
          },
        ],
      };
    }
  },
});
