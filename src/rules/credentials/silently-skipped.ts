import type { CoverageRef, EvidenceRef } from "../../evidence/reference.ts";
import { credentialsUsed } from "../../facts/handover.ts";
import { listed } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "credentials/silently-skipped",
  severity: "error",
  part: "cause",
  docs: {
    what: "The unit asks for a credential by name alone, and nobody provides it; the unit starts without it.",
    why: "LoadCredential= without a path and ImportCredential= inherit from the service manager. Missing is fine there by design: no 243, no failure, a directory without the file.",
    proof:
      "The setting without a path, the credential stores and the system's own credentials without that name, and the unit's directory without it where it runs.",
    ruledOut: "One of the stores holds the name, or SetCredential= gives a value.",
    confusedWith: [
      {
        id: "credentials/source-missing",
        tell: "There an absolute path is named, and the start fails.",
      },
      {
        id: "credentials/configured-unused",
        tell: "There the credential comes and the runner does not use it.",
      },
    ],
    repair: "Name the absolute path: LoadCredential=ID:/run/secrets/NAME.",
    upstream: [
      {
        project: "systemd",
        note: "The line about the skip is at debug or info level; only 256 raised it for a while (#32667, #32754).",
      },
    ],
    sources: ["systemd.exec(5), LoadCredential= and ImportCredential="],
  },
  requires: ["unit", "credentialStore", "secrets"],
  optional: ["runners", "history"],
  causes: [
    {
      mechanism: "secret-is-not-made",
      effects: [
        "guest/empty-credential",
        "guest/absent-credential",
        "runner/swallowed-read-error",
        "source/path-missing",
        "credentials/configured-unused",
        "lifecycle/crash-loop",
        "lifecycle/never-started",
      ],
    },
  ],
  *check({ unit, credentialStore, secrets, runners, history }) {
    const places = credentialStore.places.filter(({ state }) => state !== "denied");
    const provided = new Set(
      places.flatMap(({ credentials }) => credentials.map(({ name }) => name)),
    );
    const set = new Set(unit.setIds.map(({ value }) => value));
    const used = runners?.current === undefined ? "all" : credentialsUsed(runners.current);
    const bare = unit.credentials.flatMap(({ id, inherited, ref }) =>
      inherited !== undefined &&
      !inherited.includes("%") &&
      !provided.has(inherited) &&
      !set.has(id)
        ? [{ id, ref }]
        : [],
    );
    const imported = unit.imported.flatMap(({ value, ref }) =>
      /[*?[%]/u.test(value) || provided.has(value.split(":")[0] ?? value) || set.has(value)
        ? []
        : [{ id: value, ref }],
    );
    const skipped = [...bare, ...imported].filter(({ id }) => used === "all" || used.includes(id));
    const [first] = skipped;
    if (first === undefined || places.length < credentialStore.places.length) return;
    const given = credentialStore.given;
    const confirmed =
      given.state === "present" &&
      skipped.every(({ id }) => !given.credentials.some(({ name }) => name === id));
    if (given.state === "present" && !confirmed) return;
    const ids = skipped.map(({ id }) => id);
    const searched: CoverageRef = {
      kind: "coverage",
      source: "credential stores",
      text: `${places.map(({ path }) => path).join(", ")} were looked at`,
    };
    const phase = history?.phases.findLast(({ starts }) => starts.length > 0);
    yield {
      title: `Nobody provides ${listed(ids)}, and systemd starts the unit without ${ids.length === 1 ? "it" : "them"}`,
      explanation: `The unit asks for ${listed(ids)} by name alone. No credential store of the host holds ${ids.length === 1 ? "it" : "them"}, nor do the system's own credentials; systemd skips what it cannot inherit and says so only in a debug line.`,
      certainty: confirmed ? "proven" : "strong",
      subject: { credentials: ids.join(" ") },
      evidence: nonEmpty<EvidenceRef>(first.ref, searched, ...(confirmed ? [given.ref] : [])),
      scope: {
        secrets: secrets
          .filter(({ credentialIds }) => credentialIds.some((id) => ids.includes(id)))
          .map(({ name }) => name),
        starts: phase?.starts.map(({ id }) => id) ?? [],
        inForce: true,
        ...(phase === undefined ? {} : { phase: phase.index }),
      },
    };
  },
});
