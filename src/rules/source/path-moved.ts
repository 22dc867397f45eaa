import type { EvidenceRef } from "../../evidence/reference.ts";
import { movedTo } from "../../facts/moved-paths.ts";
import { isMissing, missed, placeIn, wantedFiles } from "../../facts/wanted-files.ts";
import { declaredAt } from "../../facts/installer-runs.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";
import { NOT_MADE } from "../source-effects.ts";

export default defineRule({
  id: "source/path-moved",
  severity: "error",
  part: "cause",
  docs: {
    what: "The path is an old layout; the same secret lies under the new one.",
    why: "agenix moved from /run/secrets to /run/agenix, and clan put its vars into per-machine and shared. A path that was written by hand stays behind.",
    proof: "The path is missing, and the same name lies under the other layout or installer.",
    ruledOut: "The path exists, or nothing of that name does anywhere.",
    confusedWith: [
      { id: "source/path-missing", tell: "There the secret lies nowhere." },
      {
        id: "source/never-installed",
        tell: "There the place of the secrets is missing as a whole, and no other holds them.",
      },
    ],
    repair:
      "Use config.sops.secrets.<name>.path, config.age.secrets.<name>.path or the var's .path instead of a literal.",
    upstream: [
      {
        project: "agenix",
        from: "0.10.0 (2022-01)",
        note: "Secrets lie in /run/agenix; before, in /run/secrets.",
      },
      {
        project: "clan-core",
        from: "4a00824f5 (2026-04-10)",
        note: "vars/per-machine/MACHINE/GENERATOR/FILE and vars/shared/...; before, vars/GENERATOR/FILE.",
      },
    ],
    sources: ["agenix modules/age.nix at b027ee2", "clan-core 4a00824f5"],
  },
  requires: ["secretFiles", "secrets", "installation"],
  optional: ["unit", "runners", "history"],
  causes: NOT_MADE.map((claim) => ({
    ...claim,
    effects: [...claim.effects, "source/never-installed" as const],
  })),
  *check(knowledge) {
    for (const wanted of wantedFiles(knowledge)) {
      // What the host itself is to put there has not moved; it failed to come.
      const place = placeIn(knowledge.installation, wanted);
      if (!isMissing(wanted) || declaredAt(knowledge.installation, place) !== undefined) continue;
      const there = movedTo(place, knowledge.installation);
      if (there === undefined) continue;
      yield {
        title: `${wanted.path} is an old path: the secret lies at ${there.path}`,
        explanation: `Nothing lies at ${wanted.path}. The same secret is at ${there.path}, where the installer puts it now; whoever wants it still names the old place.`,
        certainty: "strong",
        subject: { path: wanted.path, now: there.path },
        evidence: nonEmpty<EvidenceRef>(
          wanted.ref,
          there.ref,
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
            title: "Name the path by its option",
            kind: "nix",
            snippet: there.path.startsWith("/run/agenix/")
              ? `{ config, ... }: { environment.etc."example".source = config.age.secrets."${there.path.replace("/run/agenix/", "")}".path; }
`
              : `{ config, ... }: { environment.etc."example".source = config.sops.secrets."${there.path.replace("/run/secrets/", "")}".path; }
`,
            clears: ["source/path-moved"],
            leaves: [],
            cost: "Use that expression where the old path stands. Needs a rebuild and a restart of the VM.",
          },
        ],
      };
    }
  },
});
