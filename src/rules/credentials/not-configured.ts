import type { Invocation } from "../../evidence/journal.ts";
import type { EvidenceRef, FileRef, JournalRef } from "../../evidence/reference.ts";
import { meaningsIn } from "../../facts/starts.ts";
import { listed } from "../../facts/wording.ts";
import { loadCredential } from "../remedies.ts";
import { defineRule, type Observation } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "credentials/not-configured",
  severity: "error",
  part: "cause",
  docs: {
    what: "The runner takes secrets from $CREDENTIALS_DIRECTORY, and the unit has no setting that hands it any, or only one that systemd drops.",
    why: "A line whose id is no file name, or whose source is neither an absolute path nor a name, is dropped with a warning when the unit is loaded. Without LoadCredential=, ImportCredential= or SetCredential= systemd makes no such directory, and the variable is not set. Under `set -u` the script ends there; by hand as root it fails in the same way.",
    proof:
      "The line of the runner that uses the directory, beside the unit's file and drop-ins without such a setting; the shell's `unbound variable`.",
    ruledOut: "A credential setting in the unit or one of its drop-ins.",
    confusedWith: [
      {
        id: "credentials/silently-skipped",
        tell: "There the unit asks for a credential that nobody provides.",
      },
      {
        id: "credentials/unit-shadowed",
        tell: "There the setting is lost because an instance's own unit file hides the template.",
      },
    ],
    repair: "Add LoadCredential= to the unit on the host.",
    sources: ["systemd.exec(5), $CREDENTIALS_DIRECTORY", "recordings of systemd 252, 257 and 262"],
  },
  requires: ["secrets"],
  optional: ["unit", "runners", "history"],
  anyOf: ["unit", "history"],
  causes: [
    {
      mechanism: "failed-read-ends-the-runner",
      effects: ["lifecycle/crash-loop", "lifecycle/start-limit", "lifecycle/never-started"],
    },
    {
      mechanism: "nothing-is-handed-over",
      effects: ["guest/empty-credential", "guest/absent-credential"],
    },
  ],
  *check({ unit, runners, secrets, history }) {
    const phase = history?.phases.findLast(({ starts }) => starts.length > 0);
    const words = unsetDirectory(phase?.starts ?? []);
    // What was not read of the unit may hand it over.
    if (unit === undefined || unit.unread !== undefined) {
      yield* byWords(words, phase?.index);
      return;
    }
    const runner = runners?.current;
    const use = runner?.credentialsDirectory;
    if (runner === undefined || use === undefined) return;
    const dropped = unit.ignoredCredentials ?? [];
    const given = unit.credentials.length + unit.imported.length + unit.setIds.length > 0;
    if (given && dropped.length === 0) return;
    // What is dropped beside others matters where the runner takes it.
    const lost = given ? idsOf(dropped).filter((id) => use.ids.includes(id)) : use.ids;
    if (given && lost.length === 0) return;
    yield {
      title: given
        ? `The runner wants ${listed(lost)}, and systemd drops the line that should bring it`
        : "The runner wants credentials, and the unit hands it none",
      explanation:
        `${runner.script} takes from $CREDENTIALS_DIRECTORY. ` +
        (dropped.length === 0
          ? `Neither ${unit.fragment.path} nor a drop-in has LoadCredential=, ImportCredential= or SetCredential=, so systemd makes no such directory.`
          : `systemd drops ${listed(dropped.map(({ text = "a line" }) => text))}: an id has to be a file name without a slash, and a source an absolute path or such a name.${given ? "" : " Nothing else is handed over, so there is no such directory."}`),
      certainty: "proven",
      subject: { unit: unit.name, runner: runner.script },
      evidence: nonEmpty<EvidenceRef>(
        use.ref,
        ...dropped,
        unit.fragment,
        ...unit.dropIns,
        ...words.slice(0, 1).map(({ ref }) => ref),
      ),
      scope: {
        secrets: secrets
          .filter(({ credentialIds }) => credentialIds.some((id) => lost.includes(id)))
          .map(({ name }) => name),
        starts:
          words.length > 0
            ? words.map(({ start }) => start.id)
            : (phase?.starts ?? []).map(({ id }) => id),
        inForce: true,
        ...(phase === undefined ? {} : { phase: phase.index }),
      },
      remedies: [
        loadCredential({
          vm: unit.name.replace(/^microvm@|\.service$/gu, ""),
          unit,
          runner,
          secrets,
        }),
      ],
    };
  },
});

interface Word {
  readonly start: Invocation;
  readonly ref: JournalRef;
}

/** The shell's word that systemd gave the script no directory of credentials. */
const unsetDirectory = (starts: readonly Invocation[]): readonly Word[] =>
  starts.flatMap((start) =>
    meaningsIn(start, "unbound-variable")
      .filter(({ meaning }) => meaning.name === "CREDENTIALS_DIRECTORY")
      .map(({ ref }) => ({ start, ref })),
  );

function* byWords(
  [first, ...more]: readonly Word[],
  phase: number | undefined,
): Iterable<Observation> {
  if (first === undefined) return;
  yield {
    title: "The runner wants credentials, and the unit hands it none",
    explanation:
      "The runner's script ended because $CREDENTIALS_DIRECTORY is not set. systemd sets it for a unit that it hands a credential to. Not all of the unit could be looked at.",
    certainty: "strong",
    subject: { variable: "CREDENTIALS_DIRECTORY" },
    evidence: [first.ref],
    scope: {
      starts: [first, ...more].map(({ start }) => start.id),
      inForce: true,
      ...(phase === undefined ? {} : { phase }),
    },
  };
}

const idsOf = (dropped: readonly FileRef[]): readonly string[] =>
  dropped.flatMap(({ text = "" }) => /=(?<id>[^:]+)/u.exec(text)?.groups?.["id"] ?? []);
