import type { EvidenceRef, FileRef } from "../../evidence/reference.ts";
import type { Runner } from "../../evidence/runner.ts";
import { isPublicCredential, passedValues } from "../../facts/passed-values.ts";
import { namesOfGuest, namesOfUnit } from "../../facts/secrets.ts";
import { listed } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";
import { waysToHandOver } from "../remedies.ts";

export default defineRule({
  id: "exposure/command-line",
  severity: "warning",
  part: "risk",
  docs: {
    what: "A secret travels as a process argument.",
    why: "/proc/PID/cmdline is readable by every user of the host while the process runs (without hidepid=), and journald keeps it beside each line that the process writes (_CMDLINE). cloud-hypervisor takes OEM strings in no other way to date.",
    proof:
      "The runner's own text: a value in an OEM string, a fw_cfg string, an SMBIOS or kernel argument, or `$(cat ...)` in the words of another program than the shell.",
    ruledOut:
      "The value goes by file (fw_cfg file=, a share), or is used by a builtin of the shell alone, which is no process.",
    confusedWith: [
      {
        id: "exposure/store",
        tell: "There the value was fixed when the runner was built, and lies in the store for everybody and for good.",
      },
      { id: "exposure/journal", tell: "There a value was written into a message." },
    ],
    repair:
      "Use a channel by file where the VMM has one: credentialFiles with QEMU, a share elsewhere. Until then keep other users off the host, or mount /proc with hidepid=.",
    upstream: [
      {
        project: "cloud-hypervisor",
        note: "OEM strings from files are asked for (#6951) and in no release known.",
      },
    ],
    sources: [
      "proc(5), /proc/pid/cmdline",
      "systemd.journal-fields(7), _CMDLINE",
      "cloud-hypervisor#6951",
      "nixpkgs#156400",
    ],
  },
  requires: ["vm", "runners", "secrets"],
  optional: ["unit"],
  *check({ vm, runners, secrets, unit }) {
    const runner = runners.current;
    if (runner === undefined) return;
    const passed = passedValues(runner).filter(
      ({ value }) =>
        !isPublicCredential(value.name) &&
        value.unset.length === 0 &&
        value.path === undefined &&
        (value.form === "expanded" || (value.form === "literal" && (value.bytes ?? 0) > 0)),
    );
    const reads = runner.reads.filter(({ asArgument }) => asArgument === true);
    const nameless = namelessStrings(runner, passed.length > 0);
    const credentials = runner.credentialsDirectory?.asArgument ?? [];
    const [first, ...rest]: readonly FileRef[] = [
      ...passed.map(({ ref }) => ref),
      ...nameless,
      ...reads.map(({ ref }) => ref),
      ...credentials,
    ];
    if (first === undefined) return;
    const names = [...new Set(passed.map(({ value }) => value.name))];
    const ids =
      nameless.length + credentials.length > 0 ? (runner.credentialsDirectory?.ids ?? []) : [];
    const concerned = [
      ...namesOfGuest(secrets, names),
      ...secretNames(
        { secrets },
        reads.map(({ path }) => path),
      ),
      ...namesOfUnit(secrets, ids),
    ];
    const told = [
      ...new Set([...names, ...reads.map(({ path }) => path), ...(names.length === 0 ? ids : [])]),
    ];
    yield {
      title: `${told.length === 0 ? "Secrets travel" : `${listed(told)} ${told.length === 1 ? "travels" : "travel"}`} as an argument of a process`,
      explanation: `The runner puts ${told.length === 0 ? "values" : `the value of ${listed(told)}`} on a command line. While that process runs, every user of the host can read it in /proc, and journald keeps it in _CMDLINE beside each line that the process writes. The VM works; this is about who else gets to know.`,
      certainty: "proven",
      subject: {
        runner: runner.directory ?? runner.script,
        ...(told.length === 0 ? {} : { names: told.join(" ") }),
      },
      evidence: nonEmpty<EvidenceRef>(first, ...rest),
      scope: { secrets: [...new Set(concerned)], inForce: true },
      remedies: waysToHandOver({ vm, unit, runner, secrets }).filter(({ clears }) =>
        clears.includes("exposure/command-line"),
      ),
    };
  },
});

/** Strings that are put together at run time out of whatever lies in the credentials directory. */
const namelessStrings = (runner: Runner, isNamed: boolean): readonly FileRef[] =>
  isNamed || runner.credentialsDirectory === undefined
    ? []
    : runner.channels.flatMap((channel) =>
        channel.kind === "oem-runtime" && channel.names.length === 0 ? [channel.ref] : [],
      );
