import type { EvidenceRef } from "../../evidence/reference.ts";
import { installerOf, lastWords, openWords } from "../../facts/installer-runs.ts";
import { missed, placeIn, wantedFiles } from "../../facts/wanted-files.ts";
import { moment } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";
import { NOT_MADE } from "../source-effects.ts";

export default defineRule({
  id: "source/owner-unresolved",
  severity: "error",
  part: "cause",
  docs: {
    what: "The owner or group declared for the secret did not exist when it was installed.",
    why: "sops-nix gives up on all secrets then; agenix leaves the file to root. A user that is made later, or only by DynamicUser=, is not there at boot; after a switch it is, and everything looks right.",
    proof: "The installer's words about the unknown user or group.",
    ruledOut: "No such word in any run of the boot, and the account exists.",
    confusedWith: [
      { id: "access/file-mode", tell: "That is what it leads to: the file stays root's." },
      { id: "source/decrypt-key", tell: "There decryption itself failed." },
    ],
    repair:
      "Declare the user statically (users.users.NAME), or leave the secret to root and hand it over with LoadCredential=.",
    sources: [
      "sops-nix pkgs/sops-install-secrets/main.go at 56b2406: lookup of owners",
      "agenix#205",
    ],
  },
  requires: ["installation", "secretFiles", "secrets"],
  optional: ["unit", "runners", "history", "identity", "hostJournal"],
  causes: NOT_MADE.map((claim) => ({
    ...claim,
    effects: [...claim.effects, "access/file-mode" as const, "access/fixed-not-restarted" as const],
  })),
  *check(knowledge) {
    const { installation, identity, history } = knowledge;
    const last = lastWords(installation, "owner-unresolved").at(-1);
    if (last === undefined) return;
    const names = last.word.name.split(":");
    const name = names[0] ?? last.word.name;
    const owned = installation.declared.filter(
      ({ owner, group }) =>
        (owner !== undefined && names.includes(owner)) ||
        (group !== undefined && names.includes(group)),
    );
    const concerned = wantedFiles(knowledge).filter(
      (one) =>
        owned.some((secret) => [secret.path, secret.stored].includes(placeIn(installation, one))) ||
        // sops-nix checks all owners before it installs anything; agenix goes on without this one. A line of neither may be another
        // snippet's, which misses an account of its own.
        (last.speaker === "sops-nix" &&
          one.walk?.end === "absent" &&
          installerOf(installation, placeIn(installation, one)) === "sops-nix"),
    );
    if (concerned.length === 0) return;
    const isOpen = openWords(installation, "owner-unresolved", knowledge).length > 0;
    const isKnown = identity?.users.has(name) === true || identity?.groups.has(name) === true;
    const paths = concerned.map(({ path }) => path);
    const newest = history?.phases.findLast(({ starts }) => starts.length > 0);
    yield {
      title: `${name} did not exist when the secrets were installed`,
      explanation:
        `At ${moment(last.time)} the installer could not give ${paths[0] ?? "a secret"} to ${last.word.name}: no such account.` +
        (isKnown
          ? " The account exists now, so a later run goes through; at the next boot the same may happen again."
          : identity === undefined || identity.unread !== undefined
            ? " Whether it exists now could not be looked at."
            : " It does not exist now either."),
      certainty: "proven",
      subject: { owner: name, path: paths[0] ?? "" },
      evidence: nonEmpty<EvidenceRef>(
        last.ref,
        ...owned.slice(0, 1).map(({ ref }) => ref),
        ...concerned.slice(0, 1).flatMap(({ walk }) => walk?.ref ?? []),
      ),
      scope: {
        paths,
        secrets: secretNames(knowledge, paths),
        starts: [
          ...concerned.flatMap((one) => missed(one).starts),
          ...(newest?.starts ?? [])
            .filter(({ first }) => first.time > last.time)
            .map(({ id }) => id),
        ],
        inForce: isOpen,
        recurs: true,
        ...(newest === undefined ? {} : { phase: newest.index }),
      },
      remedies: [
        {
          title: `Leave the secret to root, and let systemd hand it over`,
          kind: "advice",
          snippet: `Remove owner and group from the secret's declaration; LoadCredential= reads it as root, whoever the unit runs as.`,
          clears: ["source/owner-unresolved"],
          leaves: [],
          cost: "The consumer has to take it from $CREDENTIALS_DIRECTORY.",
        },
        {
          title: `Declare ${name} as an account of the host`,
          kind: "nix",
          snippet: `{
  users.users."${name}" = { isSystemUser = true; group = "${name}"; };
  users.groups."${name}" = { };
}
`,
          clears: ["source/owner-unresolved"],
          leaves: [],
          cost: "A unit with DynamicUser= of that name then uses this account.",
        },
      ],
    };
  },
});
