import type { EvidenceRef, JournalRef } from "../../evidence/reference.ts";
import type { Runner } from "../../evidence/runner.ts";
import { startsOfRunner } from "../../facts/passed-values.ts";
import { namesOfGuest, type Secret } from "../../facts/secrets.ts";
import { troublesOf } from "../../facts/vmm-troubles.ts";
import { listed } from "../../facts/wording.ts";
import type { InvocationId } from "../../vocabulary.ts";
import { LOST_ON_THE_WAY, scopeOfRunner } from "../handover-effects.ts";
import { waysToHandOver } from "../remedies.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

/** The VMM and its channel that do not go together, in words. */
interface Mismatch {
  readonly title: string;
  readonly why: string;
  readonly names: readonly string[];
  readonly certainty: "proven" | "strong";
  readonly refs: readonly [EvidenceRef, ...EvidenceRef[]];
  /** The starts that ended with it, where it ends them. */
  readonly ended?: readonly InvocationId[];
}

export default defineRule({
  id: "hypervisor/channel-unsupported",
  severity: "error",
  part: "cause",
  docs: {
    what: "This VMM cannot carry the channel that the runner chose.",
    why: "QEMU's machine `microvm` builds no SMBIOS tables and takes `-smbios` without a word. cloud-hypervisor shows OEM strings on x86_64 alone, and takes `--platform` once: a second one, from extraArgs or extraArgsScript, is refused.",
    proof:
      "The channel and the machine in the runner's own text; the architecture of the host; two `--platform` in one command line, or the VMM's refusal of a second one.",
    ruledOut: "The guest reports the credential with content from a start of this runner.",
    confusedWith: [
      {
        id: "guest/not-imported",
        tell: "There the VMM does show the credential, and the guest lacks the module or the will to take it.",
      },
      {
        id: "hypervisor/argument-rejected",
        tell: "There the option itself is wrong; here the channel is one that the VMM does not have.",
      },
      {
        id: "runner/not-deployed",
        tell: "`credentialFiles` for another VMM than QEMU stops the evaluation: on the host only the older runner shows.",
      },
    ],
    repair:
      'QEMU: `credentialFiles`, or a machine with SMBIOS (`microvm.qemu.machine = "q35"`). cloud-hypervisor: one `--platform` that holds the readiness string and the credentials; on aarch64 a share.',
    upstream: [
      {
        project: "QEMU",
        note: "The machine type microvm has no SMBIOS in every version known (7.2 tried; hw/i386/microvm.c makes none).",
      },
      {
        project: "cloud-hypervisor",
        from: "26.0",
        note: "OEM strings exist since, and only in arch/src/x86_64/smbios.rs. `--platform` may be given once.",
      },
      {
        project: "microvm.nix",
        from: "90a77fb (2025-12-06)",
        note: "extraArgsScript exists since; the runner for cloud-hypervisor always gives --platform itself.",
      },
    ],
    sources: [
      "microvm.nix lib/runners/qemu.nix and lib/runners/cloud-hypervisor.nix at 71beea0",
      "cloud-hypervisor arch/src/x86_64/smbios.rs and cloud-hypervisor/src/main.rs at ae44c29",
      "measured: QEMU 7.2 -M microvm -smbios type=11",
    ],
  },
  requires: ["vm", "runners", "secrets"],
  optional: ["platform", "history", "unit"],
  causes: [
    LOST_ON_THE_WAY,
    {
      mechanism: "vmm-ends-the-start",
      effects: [
        "hypervisor/argument-rejected",
        "lifecycle/crash-loop",
        "lifecycle/start-limit",
        "lifecycle/never-started",
      ],
    },
  ],
  *check({ vm, runners, secrets, platform, history, unit }) {
    const runner = runners.current;
    if (runner === undefined) return;
    const refused =
      history === undefined
        ? []
        : troublesOf(history, "arguments").filter(({ object }) => object === "--platform");
    for (const mismatch of [
      smbiosOnMicrovm(runner),
      oemStringsElsewhere(runner, platform?.architecture),
      secondPlatform(runner, refused),
    ]) {
      if (mismatch === undefined) continue;
      const lost = mismatch.names.filter((name) => !hasArrived(name, runner, secrets, history));
      if (mismatch.names.length > 0 && lost.length === 0) continue;
      const concerned =
        lost.length > 0 ? namesOfGuest(secrets, lost) : secrets.map(({ name }) => name);
      const scope = scopeOfRunner(runner, history, concerned);
      yield {
        title: mismatch.title,
        explanation: mismatch.why,
        certainty: mismatch.certainty,
        subject: {
          runner: runner.directory ?? runner.script,
          ...(runner.hypervisor === undefined ? {} : { hypervisor: runner.hypervisor }),
          ...(runner.machine === undefined ? {} : { machine: runner.machine }),
          ...(lost.length === 0 ? {} : { credentials: lost.join(" ") }),
        },
        evidence: nonEmpty<EvidenceRef>(...mismatch.refs),
        scope: {
          ...scope,
          starts: [...new Set([...(scope.starts ?? []), ...(mismatch.ended ?? [])])],
        },
        remedies: waysToHandOver({ vm, unit, runner, secrets }),
      };
    }
  },
});

const smbiosOnMicrovm = ({ machine, channels }: Runner): Mismatch | undefined => {
  const used = channels.flatMap((channel) => (channel.kind === "smbios-argument" ? [channel] : []));
  const [first] = used;
  if (machine !== "microvm" || first === undefined) return undefined;
  const names = used.flatMap((channel) => channel.names);
  const what = names.length > 0 ? listed(names) : `the strings of ${first.path ?? "a file"}`;
  return {
    title: "QEMU's machine microvm has no SMBIOS to carry credentials in",
    why: `The runner gives QEMU ${what} by -smbios, together with -M microvm. That machine builds no SMBIOS tables: QEMU takes the option without a word, and the guest finds nothing.`,
    names,
    certainty: "proven",
    refs: [first.ref],
  };
};

const oemStringsElsewhere = (
  { hypervisor, channels }: Runner,
  architecture: string | undefined,
): Mismatch | undefined => {
  const used = channels.filter(({ kind }) => kind === "oem-literal" || kind === "oem-runtime");
  const [first] = used;
  if (
    hypervisor !== "cloud-hypervisor" ||
    first === undefined ||
    architecture === undefined ||
    /^(?:x86[-_]64|amd64)$/u.test(architecture)
  )
    return undefined;
  const names = used.flatMap((channel) => ("names" in channel ? channel.names : []));
  return {
    title: `cloud-hypervisor shows no OEM strings on ${architecture}`,
    why: `The runner puts ${names.length === 0 ? "credentials" : listed(names)} into OEM strings. cloud-hypervisor makes SMBIOS tables on x86_64 alone; this host is ${architecture}, so the guest finds nothing.`,
    names,
    certainty: "strong",
    refs: [first.ref],
  };
};

interface Refusal {
  readonly starts: readonly InvocationId[];
  readonly first: JournalRef;
}

/** What says of an option that it was there already, in the words of clap, argh and others. */
const TWICE = /multiple|more than once|duplicate|twice|repeated/iu;

const secondPlatform = (
  { hypervisor, platforms = [], channels }: Runner,
  troubles: readonly Refusal[],
): Mismatch | undefined => {
  if (hypervisor !== "cloud-hypervisor") return undefined;
  const refusals = troubles.filter(({ first }) => TWICE.test(first.text));
  const refused = refusals.at(-1);
  const [, second] = platforms;
  const carries = channels.some(({ kind }) => kind === "oem-literal" || kind === "oem-runtime");
  const [seen, ...rest] = [
    ...(second !== undefined && carries ? platforms : []),
    ...(refused === undefined ? [] : [refused.first]),
  ];
  if (seen === undefined) return undefined;
  const names = channels.flatMap((channel) =>
    channel.kind === "oem-literal" || channel.kind === "oem-runtime" ? channel.names : [],
  );
  return {
    title: "cloud-hypervisor takes --platform once, and is given a second one",
    why: `The runner gives --platform itself, for its readiness string if for nothing else. OEM strings in a second --platform, from extraArgs or an extraArgsScript, are refused${refused === undefined ? "" : ", as its own word shows"}; this VMM cannot be handed credentials in that way.`,
    names,
    certainty: refused !== undefined || second !== undefined ? "proven" : "strong",
    refs: [seen, ...rest],
    ...(refused === undefined ? {} : { ended: refusals.flatMap(({ starts }) => starts) }),
  };
};

/** The guest reported it with content, from a start of this very runner. */
const hasArrived = (
  name: string,
  runner: Runner,
  secrets: readonly Secret[],
  history: Parameters<typeof startsOfRunner>[1],
): boolean => {
  const { starts } = startsOfRunner(runner, history);
  return secrets.some(
    ({ guestNames, reports }) =>
      guestNames.includes(name) &&
      reports.some(({ start, bytes }) => bytes > 0 && starts.includes(start)),
  );
};
