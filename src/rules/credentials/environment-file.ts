import type { EvidenceRef } from "../../evidence/reference.ts";
import { environmentPaths } from "../../facts/environment-files.ts";
import { meaningsIn } from "../../facts/starts.ts";
import { counted } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";

export default defineRule({
  id: "credentials/environment-file",
  severity: "error",
  part: "cause",
  docs: {
    what: "The secret was expected through EnvironmentFile= or Environment= and is absent there.",
    why: "A missing EnvironmentFile= ends the start with the result `resources`, before any process runs; one with a dash in front is left out without a word, and the runner misses its variable.",
    proof:
      "lstat of the file that the setting names, and UNIT_RESULT=resources; or the shell's word that a variable is not set.",
    ruledOut: "The file is there, and the variable is set by one of the settings.",
    confusedWith: [
      {
        id: "credentials/source-missing",
        tell: "There a credential's source is missing (243/CREDENTIALS).",
      },
      {
        id: "credentials/not-configured",
        tell: "There the variable is $CREDENTIALS_DIRECTORY, which only a credential setting gives.",
      },
    ],
    repair: "Bring the file to its path, or hand the value over as a credential.",
    sources: ["systemd.exec(5), EnvironmentFile=", "recordings of systemd 252, 257 and 262"],
  },
  requires: ["unit", "secretFiles", "secrets"],
  optional: ["history"],
  causes: [
    {
      mechanism: "failed-setup-ends-the-start",
      effects: ["lifecycle/crash-loop", "lifecycle/start-limit", "lifecycle/never-started"],
    },
    {
      mechanism: "error-is-swallowed",
      effects: ["guest/empty-credential", "guest/absent-credential"],
    },
  ],
  *check({ unit, secretFiles, secrets, history }) {
    const phase = history?.phases.findLast(({ starts }) => starts.length > 0);
    const refused = (phase?.starts ?? []).filter(({ result }) => result?.value === "resources");
    const unbound = (phase?.starts ?? []).flatMap((start) =>
      meaningsIn(start, "unbound-variable")
        .filter(({ meaning }) => meaning.name !== "CREDENTIALS_DIRECTORY")
        .map(({ meaning, ref }) => ({ start, name: meaning.name, ref })),
    );
    const place = phase === undefined ? {} : { phase: phase.index };
    for (const { path, required, ref } of environmentPaths(unit)) {
      const walk = secretFiles.walks.get(path);
      if (walk?.end !== "absent" || (!required && unbound.length === 0)) continue;
      const words = [
        ...(required ? refused.flatMap(({ result }) => result?.ref ?? []) : []),
        ...unbound.map((one) => one.ref),
      ];
      yield {
        title: `The environment file ${path} does not exist`,
        explanation:
          `The unit takes variables from ${path}, and ${walk.stopped ?? path} is missing. ` +
          (required
            ? `systemd does not start a unit without it: ${words.length > 0 ? counted(refused.length, "start") + " ended so" : "the next start would end so"}.`
            : "The dash in front lets the start go on without it, and the runner misses its variable."),
        certainty: "proven",
        subject: { path },
        evidence: nonEmpty<EvidenceRef>(ref, walk.ref, ...words.slice(0, 1)),
        scope: {
          paths: [path],
          secrets: secretNames({ secrets }, [path]),
          starts: [...refused.map(({ id }) => id), ...unbound.map(({ start }) => start.id)],
          inForce: true,
          ...place,
        },
      };
      return;
    }
    const [first] = unbound;
    if (first === undefined) return;
    const set = unit.environment.some(({ value }) => value === first.name);
    if (set) return;
    yield {
      title: `The runner needs ${first.name}, and nothing sets it`,
      explanation: `The shell ends because ${first.name} is not set. No Environment= of the unit names it${unit.environmentFiles.length > 0 ? ", and no file of EnvironmentFile= sets it" : ", and there is no EnvironmentFile="}.`,
      certainty: "strong",
      subject: { variable: first.name },
      evidence: nonEmpty<EvidenceRef>(first.ref, unit.fragment),
      scope: {
        secrets: secrets
          .filter(
            ({ name }) => name.toLowerCase().replaceAll("-", "_") === first.name.toLowerCase(),
          )
          .map(({ name }) => name),
        starts: unbound.map(({ start }) => start.id),
        inForce: history?.running !== true,
        ...place,
      },
    };
  },
});
