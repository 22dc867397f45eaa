import type { EvidenceRef } from "../../evidence/reference.ts";
import { isSecretDirectory } from "../../facts/secrets.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";
import { NOT_MADE } from "../source-effects.ts";

export default defineRule({
  id: "source/created-empty",
  severity: "error",
  part: "cause",
  docs: {
    what: "Something made the path in advance, empty, and hides that the secret is missing.",
    why: "microvm.nix makes the source of a share by tmpfiles since 2026-06-24. A secret that is not there used to be an error of virtiofsd; now the guest sees an empty directory.",
    proof: "The shared directory is empty, and a tmpfiles.d line makes it.",
    ruledOut: "A file in it, or no line that makes it.",
    confusedWith: [
      {
        id: "hypervisor/share-emptied",
        tell: "There it had content when it was mounted, and was replaced under the VM.",
      },
      { id: "source/empty", tell: "There a file is there with 0 bytes." },
    ],
    repair: "Let the unit that fills the directory run before microvm-virtiofsd@, and require it.",
    upstream: [
      {
        project: "microvm.nix",
        from: "49a3e9f (2026-06-24)",
        note: "tmpfiles makes the source of each share, microvm:kvm.",
      },
    ],
    sources: ["microvm.nix nixos-modules/host/default.nix, 49a3e9f", "tmpfiles.d(5)"],
  },
  requires: ["shares", "secrets"],
  optional: ["history"],
  causes: NOT_MADE,
  *check({ shares, secrets, history }) {
    const phase = history?.phases.at(-1)?.index;
    for (const share of shares.directories) {
      const { source, names, tmpfiles, walk } = share;
      if (names === undefined || names.length > 0 || tmpfiles === undefined) continue;
      const wantedHere = secretNames(
        { secrets },
        secrets.flatMap(({ paths }) => paths).filter((path) => path.startsWith(`${source}/`)),
      );
      if (wantedHere.length === 0 && !isSecretDirectory(source)) continue;
      yield {
        title: `${source} is shared and empty: it was made in advance`,
        explanation: `The guest is shown ${source}, which holds nothing. ${tmpfiles.path} makes the directory at boot, so nobody notices that what should lie in it never came.`,
        certainty: "proven",
        subject: { path: source },
        evidence: nonEmpty<EvidenceRef>(walk.ref, tmpfiles, share.ref),
        scope: {
          paths: [source],
          secrets: wantedHere.length > 0 ? wantedHere : secrets.map(({ name }) => name),
          starts:
            history?.phases
              .findLast(({ starts }) => starts.length > 0)
              ?.starts.map(({ id }) => id) ?? [],
          inForce: true,
          ...(phase === undefined ? {} : { phase }),
        },
        remedies: [
          {
            title: "Find who is to fill the directory, and order it before the share is served",
            kind: "command",
            snippet: `grep -rl ${source} /etc/systemd/system /run/current-system/activate`,
            clears: [],
            leaves: ["source/created-empty"],
            cost: "Reads unit files only. Where nothing is found, nothing on this host fills it.",
          },
        ],
      };
    }
  },
});
