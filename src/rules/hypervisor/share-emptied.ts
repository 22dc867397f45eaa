import type { EvidenceRef } from "../../evidence/reference.ts";
import { endOfStart } from "../../facts/starts.ts";
import { moment } from "../../facts/wording.ts";
import { LOST_ON_THE_WAY } from "../hypervisor-effects.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

const PLACE = /^\/run\/(?:secrets|agenix)(?:\/|$)/u;

export default defineRule({
  id: "hypervisor/share-emptied",
  severity: "error",
  part: "cause",
  docs: {
    what: "The shared directory was replaced under the running VM.",
    why: "/run/secrets and /run/agenix are links to a generation. virtiofsd holds the directory that the link led to at its start; the next switch writes another one and removes the old, and the guest's directory is empty.",
    proof:
      "The share's source lies behind such a link, and the generation in force is newer than virtiofsd's start.",
    ruledOut:
      "The share's source is a directory of its own, or the VM was restarted after the switch.",
    confusedWith: [
      { id: "source/created-empty", tell: "There it was empty from the beginning." },
      { id: "source/stale-generation", tell: "There a path names the generation by its number." },
    ],
    repair:
      "Share a directory of its own with copies, or keep generations (sops.keepGenerations = 0) and restart the VM after a switch.",
    upstream: [
      {
        project: "sops-nix",
        note: "keepGenerations is 1 unless it is set: the former generation is removed.",
      },
    ],
    sources: ["microvm.nix#239 and its FAQ", "sops-nix modules/sops/default.nix at 56b2406"],
  },
  requires: ["shares", "history", "secrets"],
  optional: ["vmJournal", "installation"],
  causes: LOST_ON_THE_WAY,
  *check({ shares, history, secrets, vmJournal, installation }) {
    const start = history.phases.findLast(({ starts }) => starts.length > 0)?.starts.at(-1);
    if (start === undefined || endOfStart(start) !== undefined) return;
    const helper = vmJournal?.helpers.findLast(
      ({ unit, first }) => unit.startsWith("microvm-virtiofsd@") && first.time <= start.last.time,
    );
    const since = helper?.first ?? start.first;
    for (const { source, protocol, walk, ref } of shares.directories) {
      if (protocol !== "virtiofs" || !PLACE.test(source)) continue;
      const link = walk.components.find(({ stat }) => stat.type === "symlink");
      if (link === undefined || link.stat.mtime <= since.time) continue;
      const root = installation?.roots.find(({ path }) => source.startsWith(path));
      const kept = root !== undefined && root.generations.length > 1;
      if (kept) continue;
      yield {
        title: `${source} was replaced under the running VM`,
        explanation: `virtiofsd serves what ${link.path} led to at ${moment(since.time)}. At ${moment(link.stat.mtime)} it was linked to a new generation, and the old one is gone: the guest sees an empty directory until the VM is restarted.`,
        certainty: root === undefined ? "strong" : "proven",
        subject: { path: source },
        evidence: nonEmpty<EvidenceRef>(
          ref,
          { kind: "file", path: link.path, stat: link.stat },
          since,
        ),
        scope: {
          paths: [source],
          secrets: secrets.map(({ name }) => name),
          starts: [start.id],
          inForce: true,
          phase: history.phases.findLast(({ starts }) => starts.length > 0)?.index ?? 1,
        },
      };
    }
  },
});
