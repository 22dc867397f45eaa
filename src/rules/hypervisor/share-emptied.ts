import type { SecretGeneration, SecretRoot } from "../../evidence/installation.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import type { SharedDirectory } from "../../evidence/shares.ts";
import { serverStarts } from "../../facts/share-service.ts";
import { isBelievable, type TimeSources } from "../../facts/file-times.ts";
import { endOfStart } from "../../facts/starts.ts";
import { listed, moment } from "../../facts/wording.ts";
import { micros, type Micros } from "../../vocabulary.ts";
import { LOST_ON_THE_WAY } from "../handover-effects.ts";
import { shareOfCopies } from "../remedies.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "hypervisor/share-emptied",
  severity: "error",
  part: "cause",
  docs: {
    what: "The shared directory was replaced under the running VM.",
    why: "Whoever serves a share opens its directory once, at the start. /run/secrets and /run/agenix are links to a generation: at the next activation a new generation is made, the link moves, and the old one is removed. The server still holds the removed directory, and the guest sees it go empty.",
    proof:
      "A share whose source leads through the link of an installer; a generation in force that is newer than the start of the server; and no generation left of those that were there at that start.",
    ruledOut:
      "The server was started after the generation in force was made; the older generation is still there; or the source is no link of an installer.",
    confusedWith: [
      {
        id: "source/created-empty",
        tell: "There the directory on the host is empty too: it was made in advance.",
      },
      {
        id: "source/stale-generation",
        tell: "There a path or a copy has old values; here the directory is gone.",
      },
      {
        id: "hypervisor/share-not-ready",
        tell: "There the VMM does not start at all.",
      },
    ],
    repair:
      "Restart the VM with its share server after each activation, keep old generations (`sops.keepGenerations = 0`), or share a directory that stays, with copies in it.",
    upstream: [
      {
        project: "sops-nix",
        note: "keepGenerations = 1 by default: only the newest generation is kept; 0 keeps all.",
      },
      { project: "agenix", note: "The previous generation is removed at every activation." },
    ],
    sources: [
      "microvm.nix#239 and its frequently asked questions",
      "sops-nix 56b2406 modules/sops/default.nix, pkgs/sops-install-secrets",
      "agenix b027ee2 modules/age.nix",
    ],
  },
  requires: ["vm", "shares", "installation", "vmJournal", "history", "secrets"],
  optional: ["unit", "runners", "hostJournal"],
  causes: [LOST_ON_THE_WAY],
  *check(knowledge) {
    const { vm, shares, installation, vmJournal, history, secrets, unit, runners } = knowledge;
    const phase = history.phases.findLast(({ starts }) => starts.length > 0);
    const own = phase?.starts.at(-1);
    if (!history.running || phase === undefined || own === undefined) return;
    const server = serverStarts(vmJournal).at(-1);
    for (const share of shares.directories) {
      // QEMU serves 9p itself; a server that ended has opened the directory anew, or serves nothing.
      const opener = share.protocol === "9p" ? own : server;
      if (opener === undefined || endOfStart(opener) !== undefined) continue;
      const opened = opener.first.time;
      const root = installation.roots.find((one) => leadsThrough(share, one));
      const replaced = root === undefined ? undefined : replacedSince(root, opened, knowledge);
      if (root === undefined || replaced === undefined) continue;
      const concerned = secrets.filter(({ paths }) =>
        paths.some((path) => path.startsWith(`${share.source}/`)),
      );
      const seenLater = concerned.some(({ reports }) =>
        reports.some(({ bytes, ref }) => bytes > 0 && ref.time > timeOf(replaced)),
      );
      if (seenLater) continue;
      const names = concerned.map(({ name }) => name);
      yield {
        title: `${share.source} was replaced under the running VM`,
        explanation: `${opener.unit} opened ${share.source} at ${moment(opened)}. ${root.path} is a link; at ${moment(timeOf(replaced))} generation ${replaced.number} was made, and none of the older ones is left. What the guest has mounted is a directory that was removed: it is empty${names.length === 0 ? "" : `, and ${listed(names)} not there`}, while all looks well on the host.`,
        certainty: "strong",
        subject: { source: share.source, generation: replaced.number, link: root.path },
        evidence: nonEmpty<EvidenceRef>(share.ref, root.ref, replaced.ref, opener.first),
        scope: {
          phase: phase.index,
          starts: [own.id],
          secrets: names,
          paths: [share.source],
          inForce: true,
          recurs: true,
        },
        remedies: [
          {
            title: "Restart the VM and what serves its shares",
            kind: "command",
            snippet: `systemctl restart microvm-virtiofsd@${vm} microvm@${vm}`,
            clears: ["hypervisor/share-emptied"],
            leaves: [],
            cost: "Down for the time of a boot, and the same again after the next activation.",
            repairs: [{ kind: "restarted" }],
          },
          shareOfCopies({ vm, unit, runner: runners?.current, secrets }),
        ],
      };
    }
  },
});

/** The source is the installer's link, or lies behind it. */
const leadsThrough = ({ walk, source }: SharedDirectory, { path, state }: SecretRoot): boolean =>
  state === "linked" &&
  (source === path || source.startsWith(`${path}/`)) &&
  walk.components.some(({ path: one, stat }) => one === path && stat.type === "symlink");

const timeOf = ({ ref }: SecretGeneration): Micros => ref.stat?.mtime ?? micros(0);

/** The generation in force, where it is newer than that moment and nothing older is left. */
const replacedSince = (
  { current, generations }: SecretRoot,
  opened: Micros,
  times: TimeSources,
): SecretGeneration | undefined => {
  const inForce = generations.find(({ number }) => number === current);
  if (inForce === undefined || timeOf(inForce) <= opened) return undefined;
  if (!isBelievable(timeOf(inForce), times)) return undefined;
  return generations.some(({ number }) => number < inForce.number) ? undefined : inForce;
};
