import type { EvidenceRef } from "../../evidence/reference.ts";
import type { Runner } from "../../evidence/runner.ts";
import type { SecretFiles } from "../../evidence/secret-files.ts";
import { passedValues, sourceFile } from "../../facts/passed-values.ts";
import { namesOfGuest, type Secret } from "../../facts/secrets.ts";
import { troublesOf } from "../../facts/vmm-troubles.ts";
import { listed } from "../../facts/wording.ts";
import { LOST_ON_THE_WAY, scopeOfRunner } from "../handover-effects.ts";
import { metBy, troubleLines, troubleScope, troubleSeverity } from "../met-by-vmm.ts";
import { waysToHandOver } from "../remedies.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";
import { ENDS_THE_START } from "../vmm-trouble.ts";

/** execve(2): one argument has at most 32 pages, the zero at its end among them. */
const LONGEST_ARGUMENT = 131_071;
/** systemd src/basic/creds-util.h, CREDENTIAL_SIZE_MAX: what a guest takes from the VMM. */
const LARGEST_CREDENTIAL = 1_048_576;

export default defineRule({
  id: "hypervisor/too-large",
  severity: "error",
  part: "cause",
  docs: {
    what: "The value is over the channel's limit.",
    why: "A value in an argument can have no more than 131071 bytes together with what stands around it: the kernel does not start a program with a longer one. By fw_cfg a file may be larger, but the guest's systemd takes no credential over 1 MiB.",
    proof:
      "`Argument list too long` (E2BIG) at the start of the VMM, with exit status 126 of the shell or 203 of systemd; or sizes of files that cannot fit.",
    ruledOut:
      "The sizes of all values together stay below the limit, and no start failed with E2BIG.",
    confusedWith: [
      {
        id: "credentials/too-large",
        tell: "There systemd refuses the credential of the unit on the host, before the runner is started.",
      },
      { id: "hypervisor/name-too-long", tell: "There the name is too long, not the value." },
    ],
    repair:
      "Hand large values over by file: fw_cfg with QEMU, a share, or a small key that decrypts the rest in the guest.",
    sources: [
      "execve(2), limits on size of arguments: MAX_ARG_STRLEN",
      "systemd src/basic/creds-util.h, CREDENTIAL_SIZE_MAX",
      "measured: bash ends with 126, systemd with 203",
    ],
  },
  requires: ["vm", "secrets"],
  optional: ["runners", "secretFiles", "history", "unit"],
  causes: [...ENDS_THE_START, LOST_ON_THE_WAY],
  *check({ vm, secrets, runners, secretFiles, history, unit }) {
    const runner = runners?.current;
    const excess =
      runner === undefined || secretFiles === undefined
        ? []
        : tooLarge(runner, secrets, secretFiles);
    const refused = history === undefined ? [] : troublesOf(history, "too-large");
    for (const { names, bytes, limit, refs } of excess) {
      if (runner === undefined) continue;
      const seen = refused.filter(({ standing }) => standing === "down");
      const scope = scopeOfRunner(runner, history, namesOfGuest(secrets, names));
      yield {
        title: `${listed(names)} ${names.length === 1 ? "is" : "are"} too large for the way to the guest`,
        explanation:
          limit === LONGEST_ARGUMENT
            ? `The runner puts ${listed(names)} into one argument of the VMM: at least ${bytes} bytes, and the kernel takes ${LONGEST_ARGUMENT} (E2BIG, "Argument list too long").`
            : `${listed(names)} has ${bytes} bytes. QEMU passes it on, but the guest's systemd takes no credential over ${LARGEST_CREDENTIAL} bytes and skips it.`,
        certainty: seen.length > 0 ? "proven" : "strong",
        subject: { credentials: names.join(" "), bytes, limit },
        evidence: nonEmpty<EvidenceRef>(...refs, ...seen.flatMap(troubleLines)),
        scope: {
          ...scope,
          starts: [...new Set([...(scope.starts ?? []), ...seen.flatMap(({ starts }) => starts)])],
        },
        remedies: waysToHandOver({ vm, unit, runner, secrets }).filter(({ title }) =>
          /file|share/iu.test(title),
        ),
      };
    }
    for (const trouble of refused) {
      if (excess.length > 0 && trouble.standing === "down") continue;
      yield {
        title: "The command line of the VMM is too long to be started",
        explanation: `The kernel refused to start the VMM with an argument over ${LONGEST_ARGUMENT} bytes (E2BIG). ${metBy(trouble)} What can be so long on this command line is a value that the runner puts there.`,
        certainty: "proven",
        ...troubleSeverity(trouble),
        subject: { limit: LONGEST_ARGUMENT },
        evidence: troubleLines(trouble),
        scope: troubleScope(trouble),
      };
    }
  },
});

interface Excess {
  readonly names: readonly string[];
  /** At least so many bytes. */
  readonly bytes: number;
  readonly limit: number;
  readonly refs: readonly [EvidenceRef, ...EvidenceRef[]];
}

/** What cannot fit, by the sizes of the files that the values come from. */
const tooLarge = (
  runner: Runner,
  secrets: readonly Secret[],
  files: SecretFiles,
): readonly Excess[] => {
  const fileOf = (name: string) => {
    const secret = secrets.find(({ guestNames }) => guestNames.includes(name));
    return secret === undefined ? undefined : sourceFile(secret, files);
  };
  const values = passedValues(runner)
    .filter(({ value }) => value.form === "expanded")
    .flatMap(({ channel, value, ref }) => {
      const source = fileOf(value.name);
      if (source === undefined) return [];
      const { size } = source.stat;
      const bytes = value.encoded ? Math.ceil(size / 3) * 4 : size;
      return [{ name: value.name, bytes, channel, refs: [ref, source.ref] as const }];
    });
  // cloud-hypervisor takes all OEM strings in one argument; elsewhere each credential is one of its own.
  const inOne = values.filter(({ channel }) => channel === "oem-runtime");
  const groups = [
    inOne,
    ...values.filter(({ channel }) => channel !== "oem-runtime").map((one) => [one]),
  ];
  const inArguments = groups.flatMap((group): readonly Excess[] => {
    const bytes = group.reduce((sum, one) => sum + one.bytes + one.name.length, 0);
    const [first, ...rest] = group.flatMap(({ refs }) => refs);
    return first === undefined || bytes <= LONGEST_ARGUMENT
      ? []
      : [
          {
            names: group.map(({ name }) => name),
            bytes,
            limit: LONGEST_ARGUMENT,
            refs: [first, ...rest],
          },
        ];
  });
  const byFile = runner.channels.flatMap((channel): readonly Excess[] => {
    if (channel.kind !== "fw-cfg-file") return [];
    const walk = files.walks.get(channel.path);
    const size = walk?.file?.stat.size ?? 0;
    return walk === undefined || size <= LARGEST_CREDENTIAL
      ? []
      : [
          {
            names: [channel.name],
            bytes: size,
            limit: LARGEST_CREDENTIAL,
            refs: [channel.ref, walk.ref],
          },
        ];
  });
  return [...inArguments, ...byFile];
};
