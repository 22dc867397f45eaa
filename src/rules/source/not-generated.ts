import type { EvidenceRef } from "../../evidence/reference.ts";
import { isMissing, missed, wantedFiles } from "../../facts/wanted-files.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";
import { NOT_MADE } from "../source-effects.ts";

/** What clan-core writes for a var that is not generated, or not tracked by git (nixosModules/clanCore/vars at d7c35d9). */
const FALLBACK = /^\/no-such-path(?:\/|$)/u;

export default defineRule({
  id: "source/not-generated",
  severity: "error",
  part: "cause",
  docs: {
    what: "The configuration evaluated to a fallback path: the value was never generated, or git does not track it.",
    why: "clan evaluates a var without a value to /no-such-path. The build succeeds, and the unit or runner names a path that no host has.",
    proof: "The literal /no-such-path in the unit or the runner.",
    ruledOut: "The path in force is another one.",
    confusedWith: [
      { id: "source/path-missing", tell: "There the path is a real one that nobody makes." },
      {
        id: "source/never-installed",
        tell: "There the value exists, and its installer has not run.",
      },
    ],
    repair: "clan vars generate, git add the result, and deploy again.",
    upstream: [
      {
        project: "clan-core",
        note: "Both layouts of vars (before and since 2026-04-10, 4a00824f5) fall back to /no-such-path.",
      },
    ],
    sources: ["clan-core nixosModules/clanCore/vars/secret/sops/default.nix:36 at d7c35d9"],
  },
  requires: ["secretFiles", "secrets"],
  optional: ["unit", "runners", "history"],
  causes: NOT_MADE,
  *check(knowledge) {
    for (const wanted of wantedFiles(knowledge)) {
      if (!FALLBACK.test(wanted.path) || !isMissing(wanted)) continue;
      yield {
        title: "A secret was never generated: its path is only a placeholder",
        explanation: `${wanted.path} is what clan writes for a var without a value. Whoever evaluated the configuration had no generated value, or git did not track it.`,
        certainty: "proven",
        subject: { path: wanted.path },
        evidence: nonEmpty<EvidenceRef>(
          wanted.ref,
          ...(wanted.walk === undefined ? [] : [wanted.walk.ref]),
        ),
        scope: {
          ...missed(wanted),
          paths: [wanted.path],
          secrets: secretNames(knowledge, [wanted.path]),
          inForce: true,
        },
        remedies: [
          {
            title: "Generate the value and deploy it",
            kind: "command",
            snippet: "clan vars generate && git add vars && clan machines update",
            clears: ["source/not-generated"],
            leaves: [],
            cost: "Generates what is missing; existing values stay.",
          },
        ],
      };
    }
  },
});
