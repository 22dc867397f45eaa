import type { Platform } from "../../evidence/platform.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import type { SecretFiles } from "../../evidence/secret-files.ts";
import type { VmUnit } from "../../evidence/unit.ts";
import { credentialFailures } from "../../facts/credential-failures.ts";
import type { History } from "../../facts/history.ts";
import { countOf, meaningsIn } from "../../facts/starts.ts";
import { counted } from "../../facts/wording.ts";
import { ENDS_THE_SETUP } from "../credential-verdicts.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";

interface Situation {
  readonly unit: VmUnit;
  readonly secretFiles: SecretFiles;
  readonly history: History;
}

/** A fault of systemd in some of its versions, and the configuration that meets it. */
interface KnownFault {
  readonly name: string;
  readonly what: string;
  /** Major versions that have it. */
  readonly from: number;
  readonly until: number;
  readonly way: "setup-fails" | "directory-refused";
  readonly meets: (situation: Situation) => EvidenceRef | undefined;
}

const FAULTS: readonly KnownFault[] = [
  {
    name: "systemd#33953",
    what: "with ExecStartPost= beside credentials, 256 may take the credentials down before the main process is set up",
    from: 256,
    until: 257,
    way: "setup-fails",
    meets: ({ unit }) => unit.execStartPost[0]?.ref,
  },
  {
    name: "systemd#33953",
    what: "with Type=simple and ExecStartPost= beside credentials, both are set up at once, and now and then the main process finds its credentials taken down",
    from: 257,
    until: 258,
    way: "setup-fails",
    // A race that every start loses is none.
    meets: ({ unit, history }) =>
      (unit.type?.value ?? "simple") === "simple" && history.readyStarts.length > 0
        ? unit.execStartPost[0]?.ref
        : undefined,
  },
  {
    name: "systemd#36709",
    what: "a socket as a source needs a peer name below 108 bytes, and this unit's and credential's names are too long",
    from: 250,
    until: Number.POSITIVE_INFINITY,
    way: "setup-fails",
    meets: ({ unit, secretFiles }) =>
      unit.credentials.find(
        ({ id, source }) =>
          source !== undefined &&
          secretFiles.walks.get(source)?.file?.stat.type === "socket" &&
          `@0123456789abcdef/unit/${unit.name}/${id}`.length >= 108,
      )?.ref,
  },
  {
    name: "systemd#24291",
    what: "with DynamicUser= and several commands only the first may enter the credentials directory",
    from: 247,
    until: 254,
    way: "directory-refused",
    meets: ({ unit }) =>
      unit.execStartPre.length > 0
        ? unit.sandbox.find(
            ({ key, value }) => key === "DynamicUser" && /^(?:yes|true|1|on)$/iu.test(value),
          )?.ref
        : undefined,
  },
  {
    name: "systemd#19604",
    what: "commands of ExecStartPre= have no credentials at all",
    from: 247,
    until: 252,
    way: "directory-refused",
    meets: ({ unit }) => unit.execStartPre[0]?.ref,
  },
];

export default defineRule({
  id: "credentials/systemd-bug",
  severity: "error",
  part: "cause",
  docs: {
    what: "A known fault of this systemd version explains it; the source file is fine.",
    why: "The words are those of a missing or refused secret, and no change of the file helps.",
    proof:
      "The version that runs, the setting that meets the fault, a failure of that kind, and sources that are all in order.",
    ruledOut: "Another version, or a source that is missing, too large or cannot be opened.",
    confusedWith: [
      { id: "credentials/source-missing", tell: "There a source is missing." },
      { id: "unrelated/host-environment", tell: "There a container forbids what systemd needs." },
      {
        id: "access/file-mode",
        tell: "There the refused path is the secret's own, not one below /run/credentials.",
      },
    ],
    repair:
      "Update systemd, or leave out the setting that meets the fault; shorten the names for a socket.",
    upstream: [
      {
        project: "systemd",
        from: "256",
        until: "258",
        note: "ExecStartPost= beside credentials (#33953); on 257 a race of Type=simple that 12 of 60 starts lost, and none of 100 with Type=exec.",
      },
      {
        project: "systemd",
        from: "247",
        until: "254",
        note: "DynamicUser= with several commands (#24291, #27279).",
      },
      {
        project: "systemd",
        from: "247",
        until: "252",
        note: "No credentials in ExecStartPre= (#19604, #24734).",
      },
      {
        project: "systemd",
        from: "250",
        note: "Peer names of 108 bytes or more for a socket as a source (#36709).",
      },
    ],
    sources: [
      "systemd#33953",
      "systemd#24291",
      "systemd#19604",
      "systemd#36709",
      "measured: systemd 252, 257 and 262, 60 starts each",
    ],
  },
  requires: ["unit", "secretFiles", "history", "platform", "secrets"],
  optional: ["credentialStore"],
  causes: ENDS_THE_SETUP,
  *check(knowledge) {
    const { unit, secretFiles, history, platform, secrets } = knowledge;
    const failures = credentialFailures(knowledge);
    const allThere = unit.credentials.every(
      ({ source }) => source !== undefined && secretFiles.walks.get(source)?.end === "present",
    );
    // A container that forbids the mounts fails in the same way under every version.
    if (unit.credentials.length === 0 || !allThere || platform.container !== undefined) return;
    for (const fault of FAULTS) {
      const met = versionHas(fault, platform)
        ? fault.meets({ unit, secretFiles, history })
        : undefined;
      if (met === undefined || platform.systemd === undefined) continue;
      const { starts, count, refs, phase } = signsOf(fault, history, failures.verdicts.length > 0);
      const [first] = refs;
      if (first === undefined) continue;
      const newest = history.phases.findLast((one) => one.starts.length > 0)?.index;
      const inForce = phase === newest && !history.running;
      yield {
        title: `A known fault of systemd ${platform.systemd.text} keeps the credentials away`,
        explanation: `Every source is there and in order. This host runs systemd ${platform.systemd.text}, and ${fault.what} (${fault.name}). ${counted(count, "start")} met it.`,
        certainty: "strong",
        ...(inForce ? {} : { severity: "info" as const }),
        subject: { systemd: platform.systemd.text, fault: fault.name },
        evidence: nonEmpty<EvidenceRef>(platform.systemd.ref, met, first),
        scope: {
          starts,
          secrets: secretNames(
            { secrets },
            unit.credentials.flatMap(({ source }) => source ?? []),
          ),
          inForce,
          ...(phase === undefined ? {} : { phase }),
        },
      };
      return;
    }
  },
});

const versionHas = ({ from, until }: KnownFault, { systemd }: Platform): boolean =>
  systemd !== undefined && systemd.major >= from && systemd.major < until;

const signsOf = (fault: KnownFault, history: History, explained: boolean) => {
  for (const phase of history.phases.toReversed()) {
    const met = phase.starts.flatMap((start) =>
      fault.way === "setup-fails"
        ? (explained ? [] : start.spawnFailures)
            .filter(({ step }) => step === "CREDENTIALS")
            .map(({ ref }) => ({ start, ref }))
        : [...meaningsIn(start, "permission-denied"), ...meaningsIn(start, "no-such-file")]
            .filter(({ meaning }) => meaning.path.startsWith("/run/credentials/"))
            .map(({ ref }) => ({ start, ref })),
    );
    if (met.length > 0)
      return {
        starts: [...new Set(met.map(({ start }) => start.id))],
        count: countOf([...new Set(met.map(({ start }) => start))]),
        refs: met.map(({ ref }) => ref),
        phase: phase.index,
      };
  }
  return { starts: [], count: 0, refs: [], phase: undefined };
};
