import type { EvidenceRef } from "../../evidence/reference.ts";
import type { Shares } from "../../evidence/shares.ts";
import {
  missingServer,
  neverReady,
  overflowsEvents,
  serverStarts,
  virtiofsShares,
} from "../../facts/share-service.ts";
import { countOf } from "../../facts/starts.ts";
import { silentFailures } from "../../facts/silent-failures.ts";
import { troublesOf, type Trouble } from "../../facts/vmm-troubles.ts";
import { counted, listed } from "../../facts/wording.ts";
import { metBy, troubleLines, troubleScope, troubleSeverity } from "../met-by-vmm.ts";
import { journalCarries } from "../../facts/journal-coverage.ts";
import { defineRule, type Observation, type Remedy, type RuleKnowledge } from "../rule.ts";
import { nonEmpty } from "../scope.ts";
import { ENDS_THE_START_OR_A_HELPER } from "../vmm-trouble.ts";

type Known = RuleKnowledge<
  "history" | "runners" | "vm",
  "hostJournal" | "shares" | "unit" | "vmJournal"
>;

export default defineRule({
  id: "hypervisor/share-not-ready",
  severity: "error",
  part: "cause",
  docs: {
    what: "The virtiofs or 9p share was not served when the VMM started.",
    why: "The VMM connects to one socket for each share and ends where nobody answers: virtiofsd was counted as started before its sockets were there, it ended, it was never started because an old runner lacks `bin/virtiofsd-run`, or supervisord lost the word that all of it runs.",
    proof:
      "The VMM's line about the share's socket with the errno (refused, no such file) in starts that failed; a missing `bin/virtiofsd-run` beside declared shares; a start of microvm-virtiofsd@ that never became ready with more shares than supervisord keeps events.",
    ruledOut: "The VMM goes on in the same start; or the runner declares no virtiofs share.",
    confusedWith: [
      {
        id: "unrelated/other-unit",
        tell: "There the server's unit failed over something of its own, and the VM was not tried.",
      },
      {
        id: "source/path-missing",
        tell: "There the shared directory is what is missing; virtiofsd then ends with an error of its own.",
      },
      {
        id: "access/file-mode",
        tell: "A refused connection is no denied permission: nobody listens.",
      },
      {
        id: "runner/stale-current",
        tell: "There the runner is an old one; that it lacks virtiofsd-run is what follows.",
      },
    ],
    repair:
      "Let the server's unit be ready only when its sockets are (Type=notify, microvm.nix since 2024-08), update the runner, and look at what microvm-virtiofsd@ says itself.",
    upstream: [
      {
        project: "microvm.nix",
        until: "8298962 (2026-07-12)",
        note: "supervisord kept 10 events for the listener: with more than 9 virtiofs shares the unit never became ready.",
      },
      {
        project: "microvm.nix",
        note: "With Type=simple microvm-virtiofsd@ counts as started before its sockets exist; Type=notify waits for them.",
      },
    ],
    sources: [
      "microvm.nix nixos-modules/host/default.nix and nixos-modules/microvm/virtiofsd at 71beea0",
      "microvm.nix#257, #260, #312",
      "cloud-hypervisor virtio-devices/src/vhost_user at ae44c29: gives up after one minute",
    ],
  },
  requires: ["vm", "history", "runners"],
  optional: ["hostJournal", "shares", "unit", "vmJournal"],
  causes: ENDS_THE_START_OR_A_HELPER,
  *check(known) {
    const told = [...absentServer(known), ...lostEvents(known)];
    yield* told;
    if (told.length === 0) yield* refusedConnections(known);
  },
});

function* absentServer({
  vm,
  runners,
  shares,
  unit,
  history,
  vmJournal,
}: Known): Iterable<Observation> {
  if (shares === undefined) return;
  const missing = missingServer(runners, shares, unit);
  if (missing === undefined) return;
  const troubles = downTroubles(history);
  const skip = vmJournal?.skipped.findLast(({ unit: name }) =>
    name.startsWith("microvm-virtiofsd@"),
  );
  const phase = history.phases.findLast(({ starts }) => starts.length > 0);
  yield {
    title: "The runner declares virtiofs shares and has no bin/virtiofsd-run to serve them",
    explanation: `microvm-virtiofsd@ starts bin/virtiofsd-run of the runner, which this older runner does not have: its start is skipped by a condition, which fails nothing. The VMM then finds no socket for ${sharesNamed(shares)}.`,
    certainty: "proven",
    subject: { missing: missing.refs[0].path },
    evidence: nonEmpty<EvidenceRef>(
      ...missing.refs,
      ...(skip === undefined ? [] : [skip.ref]),
      ...troubles.flatMap(troubleLines),
    ),
    scope: {
      starts: troubles.flatMap(({ starts }) => starts),
      paths: shares.directories.map(({ source }) => source),
      inForce: true,
      ...(phase === undefined ? {} : { phase: phase.index }),
    },
    remedies: [
      {
        title: "Install a runner of the host's own microvm.nix",
        kind: "command",
        snippet: `microvm -u ${vm}   # or rebuild the host's configuration, then restart the VM`,
        clears: ["hypervisor/share-not-ready", "runner/stale-current"],
        leaves: [],
        cost: "The VM is built anew and restarted.",
      },
    ],
  };
}

function* lostEvents({
  runners,
  shares,
  vmJournal,
  hostJournal,
  history,
}: Known): Iterable<Observation> {
  if (shares === undefined || vmJournal === undefined) return;
  const overflow = overflowsEvents(runners, shares);
  const stuck = serverStarts(vmJournal).filter((start) => neverReady(start, hostJournal?.last));
  const [first] = stuck;
  const last = stuck.at(-1);
  if (overflow === undefined || first === undefined || last === undefined) return;
  const isNewest = serverStarts(vmJournal).at(-1) === last;
  const phase = history.phases.findLast(({ starts }) => starts.length > 0);
  yield {
    title: `${overflow.count} virtiofs shares are more than supervisord keeps events for`,
    explanation: `supervisord keeps ${overflow.events} events for the listener that tells systemd when every server runs. With ${overflow.count} shares the first ones are dropped before the listener is up, so microvm-virtiofsd@ waits for ever, and the VM with it. All sockets may be there. microvm.nix before 8298962 (2026-07-12) is so.`,
    certainty: shares.eventBuffer === undefined ? "strong" : "proven",
    subject: { shares: overflow.count, events: overflow.events },
    evidence: nonEmpty<EvidenceRef>(
      last.result?.ref ?? last.first,
      ...(shares.eventBuffer === undefined ? [] : [shares.eventBuffer.ref]),
      ...virtiofsShares(runners.current)
        .slice(0, 1)
        .map(({ ref }) => ref),
    ),
    scope: {
      starts: stuck.map(({ id }) => id),
      inForce: isNewest,
      recurs: true,
      ...(phase === undefined ? {} : { phase: phase.index }),
    },
    remedies: [
      {
        title: "Use a microvm.nix with the larger buffer, or fewer shares",
        kind: "command",
        snippet: "nix flake update microvm   # 8298962 (2026-07-12) or later, then rebuild",
        clears: ["hypervisor/share-not-ready"],
        leaves: [],
        cost: "A rebuild and a restart. One share of a directory with all secrets in it does as well as ten.",
      },
    ],
  };
}

function* refusedConnections(known: Known): Iterable<Observation> {
  const { history, runners } = known;
  const declared = virtiofsShares(runners.current);
  const troubles = troublesOf(history, "share").filter(
    ({ standing }) => standing !== "down" || runners.current === undefined || declared.length > 0,
  );
  for (const trouble of troubles) yield refusedObservation(trouble, known);
  if (troubles.length === 0 && declared.length > 0) yield* race(known);
}

const refusedObservation = (
  trouble: Trouble,
  { vm, shares, unit, vmJournal, hostJournal }: Known,
): Observation => {
  const isDown = trouble.standing === "down";
  const sockets = isDown ? (shares?.directories ?? []).flatMap(({ socket }) => socket ?? []) : [];
  const server = vmJournal === undefined ? undefined : serverStarts(vmJournal).at(-1);
  const isRefused = /refused|111|ECONNREFUSED/iu.test(trouble.first.text);
  return {
    title: `Nobody serves the share${trouble.object === undefined ? "" : ` at ${trouble.object}`} when the VMM starts`,
    explanation:
      `The VMM could not connect to the socket of a virtiofs share: ${isRefused ? "the socket is there and nobody listens, as after a server that has ended; that is no denied permission" : "there is no socket"}. ${metBy(trouble)}` +
      (server === undefined
        ? " The journal has no start of microvm-virtiofsd@."
        : ` That microvm-virtiofsd@ is stopped with the VM each time is what follows, not why.`),
    certainty: "proven",
    ...troubleSeverity(trouble),
    subject: { socket: trouble.object ?? "unknown" },
    evidence: nonEmpty<EvidenceRef>(
      ...troubleLines(trouble),
      ...(server === undefined
        ? journalCarries(hostJournal, "starts of microvm-virtiofsd@")
        : [server.result?.ref ?? server.first]),
      ...sockets.slice(0, 2),
      ...(unit?.shareServer?.type === undefined ? [] : [unit.shareServer.type.ref]),
    ),
    scope: {
      ...troubleScope(trouble),
      recurs: true,
      ...(shares === undefined ? {} : { paths: shares.directories.map(({ source }) => source) }),
    },
    remedies: [waitForSockets(vm)],
  };
};

const waitForSockets = (vm: string): Remedy => ({
  title:
    "Start the server and the VM in order, and let the server's unit say when its sockets are there",
  kind: "command",
  snippet: `systemctl stop microvm@${vm} microvm-virtiofsd@${vm} && systemctl start microvm-virtiofsd@${vm} && systemctl start microvm@${vm}`,
  clears: ["hypervisor/share-not-ready"],
  leaves: [],
  cost: "Helps once. For good: a microvm.nix with Type=notify for microvm-virtiofsd@, on the host and in the runner.",
});

/** Starts that fail without a word, beside a server that systemd takes for ready before its sockets are there. */
function* race({ vm, history, unit, vmJournal }: Known): Iterable<Observation> {
  const service = unit?.shareServer;
  if (service === undefined || vmJournal === undefined || service.type?.value === "notify") return;
  const failures = silentFailures(history);
  const [first] = failures?.starts ?? [];
  if (failures === undefined || first === undefined) return;
  const servers = serverStarts(vmJournal).filter(
    ({ first: { time } }) => time >= failures.phase.start,
  );
  // In lockstep: each round of the VM takes the server with it.
  if (countOf(servers) < countOf(failures.starts) - 1 || servers.length < 2) return;
  const [server] = servers;
  yield {
    title: "The VM may be started before its shares are served",
    explanation: `${counted(countOf(failures.starts), "start")} of phase ${failures.phase.index} ended without a word that explains it, each with a start of microvm-virtiofsd@ beside it. That unit has ${service.type === undefined ? "no Type=" : `Type=${service.type.value}`}: systemd takes it for started before its sockets exist, and a VMM that finds none ends.`,
    certainty: "weak",
    subject: { unit: service.name },
    evidence: nonEmpty<EvidenceRef>(
      first.result?.ref ?? first.first,
      ...(server === undefined ? [] : [server.first]),
      ...(service.type === undefined
        ? service.execStart.slice(0, 1).map(({ ref }) => ref)
        : [service.type.ref]),
    ),
    scope: {
      phase: failures.phase.index,
      starts: failures.starts.map(({ id }) => id),
      inForce: true,
      recurs: true,
    },
    remedies: [waitForSockets(vm)],
  };
}

const downTroubles = (history: Known["history"]): readonly Trouble[] =>
  troublesOf(history, "share").filter(({ standing }) => standing === "down");

const sharesNamed = ({ directories }: Shares): string =>
  listed(directories.filter(({ protocol }) => protocol === "virtiofs").map(({ source }) => source));
