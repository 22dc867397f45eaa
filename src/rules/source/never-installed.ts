import type { Installation, SecretRoot } from "../../evidence/installation.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import { openWords, rootOf } from "../../facts/installer-runs.ts";
import { isMissing, missed, placeIn, wantedFiles } from "../../facts/wanted-files.ts";
import { holdsEverything, journalCarries } from "../../facts/journal-coverage.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";
import { NOT_MADE } from "../source-effects.ts";
import { installAgain } from "../source-remedies.ts";

export default defineRule({
  id: "source/never-installed",
  severity: "error",
  part: "cause",
  docs: {
    what: "The installer of secrets never ran, or never wrote a generation.",
    why: "Without its link /run/secrets or /run/agenix nothing below exists, and often nobody says a word: a stubbed activation, a disabled service, or a real directory in the link's place that blocks each run.",
    proof:
      "The place itself: absent, dangling, or a real directory where the installer expects its own link; and no word of an installer in the boot that the journal covers.",
    ruledOut:
      "The link leads to a generation, or the journal shows the installer at work or failing.",
    confusedWith: [
      { id: "source/decrypt-key", tell: "There the installer ran and could not decrypt." },
      { id: "source/not-yet-present", tell: "There it ran later." },
      { id: "source/path-moved", tell: "There another installer's place holds the same name." },
    ],
    repair:
      "Enable the installer (sops.useSystemdActivation, age module) and switch; remove a directory that stands in the way.",
    upstream: [
      {
        project: "sops-nix",
        note: "sops-install-secrets refuses to replace a real directory at /run/secrets (#227, #659).",
      },
    ],
    sources: ["sops-nix pkgs/sops-install-secrets at 56b2406", "agenix modules/age.nix at b027ee2"],
  },
  requires: ["secretFiles", "secrets", "installation"],
  optional: ["unit", "runners", "history", "hostJournal"],
  causes: NOT_MADE,
  *check(knowledge) {
    const { installation, hostJournal } = knowledge;
    const boot = hostJournal?.boots.at(-1);
    const thisBoot = boot === undefined ? {} : { since: boot.first, until: boot.last };
    const isCovered = holdsEverything(hostJournal, {
      ...thisBoot,
      concerns: (unit) => /sops|agenix/u.test(unit),
    });
    const spoke = installation.events.filter(
      ({ time }) => boot === undefined || time >= boot.first,
    );
    for (const root of installation.roots) {
      if (root.state === "linked" || root.state === "denied") continue;
      const wanted = wantedFiles(knowledge).filter(
        (one) => isMissing(one) && rootOf(installation, placeIn(installation, one)) === root,
      );
      const [first] = wanted;
      if (first === undefined) continue;
      if (root.state !== "real" && isOfNoInterest(installation, root)) continue;
      // That nobody spoke is known only of a journal that was read.
      const isRead = hostJournal?.first !== undefined && hostJournal.partial === undefined;
      if (root.state !== "real" && !isRead) continue;
      const blocked = openWords(installation, "blocked", knowledge);
      // Other makers of secrets keep a directory of their own there.
      if (root.state === "real" && blocked.length === 0 && !isExpected(installation, root))
        continue;
      const failed = spoke.filter(({ word }) => FAILURES.has(word.kind));
      // A run that failed for a reason of its own is told by the rule about that reason.
      if (root.state !== "real" && failed.length > 0) continue;
      const finished = spoke.some(({ word }) => word.kind === "finished");
      const coverage = journalCarries(
        hostJournal,
        "words of sops-nix, agenix and of activations",
        thisBoot,
      );
      const paths = wanted.map(({ path }) => path);
      const starts = wanted.flatMap((one) => missed(one).starts);
      const phase = missed(first).phase;
      yield {
        title:
          root.state === "real"
            ? `${root.path} is a directory where the installer expects its own link`
            : `${root.path} does not exist: no installer of secrets wrote it`,
        explanation:
          root.state === "real"
            ? `sops-nix and agenix link ${root.path} to a generation. A real directory in its place makes each run fail, and what is wanted below it is not there.`
            : `The unit or runner wants ${first.path}. ${root.state === "dangling" ? `${root.path} leads to a generation that is gone` : `${root.path} is not there`}, and ${finished ? "the installer that the journal shows did not make it" : isCovered ? "the journal of this boot holds no word of an installer" : "what can be read of the journal holds no word of an installer"}.`,
        certainty: root.state === "real" || isCovered ? "proven" : "weak",
        subject: { path: root.path },
        evidence: nonEmpty<EvidenceRef>(
          root.ref,
          first.ref,
          ...blocked.slice(0, 1).map(({ ref }) => ref),
          ...(root.state === "real" ? [] : coverage),
        ),
        scope: {
          paths,
          secrets: secretNames(knowledge, paths),
          starts,
          inForce: true,
          ...(phase === undefined ? {} : { phase }),
        },
        remedies:
          root.state === "real"
            ? [
                {
                  title: "Move the directory away and activate again",
                  kind: "command",
                  snippet: `mv ${root.path} ${root.path}.was && /run/current-system/activate`,
                  clears: ["source/never-installed"],
                  leaves: [],
                  cost: "Look first at what lies in it: it may be somebody's only copy.",
                },
              ]
            : [installAgain(paths)],
      };
    }
  },
});

/** Something shows that an installer which links generations is to serve this place. */
const isExpected = ({ declared }: Installation, root: SecretRoot): boolean =>
  root.generations.length > 0 ||
  root.keysImported !== undefined ||
  declared.some(({ stored }) => stored.startsWith(`${root.path}/`));

const FAILURES: ReadonlySet<string> = new Set([
  "wrong-key",
  "no-key",
  "owner-unresolved",
  "output-missing",
]);

/** Another installer serves this host, and nobody is to put anything here: the path is wrong, not the installation. */
const isOfNoInterest = ({ roots, declared }: Installation, root: SecretRoot): boolean =>
  roots.some((other) => other !== root && other.state === "linked") &&
  !declared.some(({ stored }) => stored.startsWith(`${root.path}/`));
