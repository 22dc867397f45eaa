import { valueOf, type CollectedEvidence } from "../evidence/evidence.ts";
import type { CredentialStore } from "../evidence/credential-store.ts";
import type { Invocation } from "../evidence/journal.ts";
import type { FileStat } from "../evidence/reference.ts";
import type { Runner } from "../evidence/runner.ts";
import type { PathWalk, SecretFiles } from "../evidence/secret-files.ts";
import type { Shares } from "../evidence/shares.ts";
import type { LoadedCredential, VmUnit } from "../evidence/unit.ts";
import type { CollectedKnowledge } from "../facts/facts.ts";
import { credentialsUsed, takesFromEnvironment, waysForSecrets } from "../facts/handover.ts";
import type { History } from "../facts/history.ts";
import { foreseenReads, foreseenShareReads, type Read } from "../facts/reads.ts";
import { isForTheUnitAlone, type Secret } from "../facts/secrets.ts";
import { unseenCredentials } from "../facts/unseen-credentials.ts";
import { SEVERITIES, STAGES, type Stage, type StageState } from "../vocabulary.ts";
import type { JudgedFinding, SecretStages } from "./finding.ts";

export interface StageQuestion {
  readonly evidence: CollectedEvidence;
  readonly knowledge: CollectedKnowledge;
  readonly findings: readonly JudgedFinding[];
}

interface StageInput {
  readonly secrets: readonly Secret[];
  readonly unit: VmUnit | undefined;
  readonly runner: Runner | undefined;
  readonly secretFiles: SecretFiles | undefined;
  readonly shares: Shares | undefined;
  readonly reads: readonly Read[];
  readonly history: History | undefined;
  readonly store: CredentialStore | undefined;
}

/**
 * For each secret how far it gets now: six stages, and nothing behind the first broken one counts as reached. A stage is broken by
 * what a rule found there, or by what the evidence itself shows.
 */
export const secretStages = ({
  evidence,
  knowledge,
  findings,
}: StageQuestion): readonly SecretStages[] => {
  const unit = valueOf(evidence.unit);
  const secrets = valueOf(knowledge.secrets) ?? [];
  const secretFiles = valueOf(evidence.secretFiles);
  const input: StageInput = {
    secrets,
    unit,
    runner: valueOf(evidence.runners)?.current,
    secretFiles,
    shares: valueOf(evidence.shares),
    reads: secretFiles === undefined ? [] : foreseen(evidence, secretFiles, secrets),
    history: valueOf(knowledge.history),
    store: valueOf(evidence.credentialStore),
  };
  const faults = findings.filter(isFaultInForce);
  const newest = newestStart(input.history);
  const refused = isRefused(newest) && !faults.some(({ stage }) => isEarly(stage));
  const unseen =
    newest === undefined || unit === undefined
      ? []
      : unseenCredentials(newest, { unit, secretFiles });
  return input.secrets.map((secret) => {
    const raw = rawStages(secret, input);
    const isLost =
      refused || unseen.some(({ id }) => id === undefined || secret.credentialIds.includes(id));
    const credentials = isLost && raw.credentials === "ok" ? "broken" : raw.credentials;
    return {
      secret: secret.name,
      stages: inOrder(
        withFaults({ ...raw, credentials }, secret, faults),
        isAltered(secret, faults),
      ),
    };
  });
};

/** systemd refused to hand anything over at the newest start. Where no rule says of which credential, it can be any of them. */
const isRefused = (newest: Invocation | undefined): boolean =>
  newest?.spawnFailures.some(({ step }) => step === "CREDENTIALS") === true;

const newestStart = (history: History | undefined): Invocation | undefined =>
  history?.phases.findLast(({ starts }) => starts.length > 0)?.starts.at(-1);

const isEarly = (stage: Stage | undefined): boolean =>
  stage !== undefined && STAGES.indexOf(stage) <= STAGES.indexOf("credentials");

/** Who will open what at the next start. */
const foreseen = (
  evidence: CollectedEvidence,
  secretFiles: SecretFiles,
  secrets: readonly Secret[],
): readonly Read[] => {
  const unit = valueOf(evidence.unit);
  const identity = valueOf(evidence.identity);
  const runners = valueOf(evidence.runners);
  const input = {
    secretFiles,
    ...(unit === undefined ? {} : { unit }),
    ...(identity === undefined ? {} : { identity }),
    ...(runners === undefined ? {} : { runners }),
  };
  return [...foreseenReads(input), ...foreseenShareReads(input, secrets)];
};

const isFaultInForce = ({ scope, severity, role, repaired }: JudgedFinding): boolean =>
  // A consequence breaks at the stage of its cause.
  role === "root-cause" &&
  scope.inForce &&
  !repaired &&
  SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf("error");

/** A fault without secrets of its own is about the VM as a whole, and so about each of them. */
const withFaults = (
  raw: Record<Stage, StageState>,
  secret: Secret,
  faults: readonly JudgedFinding[],
): Record<Stage, StageState> => {
  const states = { ...raw };
  for (const stage of STAGES) {
    const isBroken = faults.some(
      ({ stage: own, scope }) =>
        own === stage && (scope.secrets === undefined || scope.secrets.includes(secret.name)),
    );
    if (isBroken) states[stage] = "broken";
  }
  return states;
};

/** A fault of the way through the VMM is told with what the guest has in view: a part of the value, or other characters, is not the secret. */
const isAltered = ({ name }: Secret, faults: readonly JudgedFinding[]): boolean =>
  faults.some(
    ({ stage, scope }) => stage === "hypervisor" && scope.secrets?.includes(name) === true,
  );

const rawStages = (secret: Secret, input: StageInput): Record<Stage, StageState> => {
  const walks = secret.paths.flatMap((path) => input.secretFiles?.walks.get(path) ?? []);
  const loaded = (input.unit?.credentials ?? []).filter(
    ({ id, source }) =>
      secret.credentialIds.includes(id) || (source !== undefined && secret.paths.includes(source)),
  );
  const bySystemd = loaded.length > 0 || secret.inEnvironment === true;
  const guest = guestStage(secret, input.history);
  const runner = runnerStage(secret, input);
  return {
    source: sourceStage(walks, secret, input),
    access: accessStage(walks, bySystemd, secret, input),
    credentials: credentialsStage(loaded, walks, {
      bySystemd,
      isSealed: loaded.some((one) => one.encrypted && !wasOpened(one, input)),
      fallback: hasFallback(secret, input.unit),
      // Without the runner nobody knows by which name a secret is handed over.
      isWhole: isWhole(input.unit) && input.runner !== undefined,
    }),
    runner,
    hypervisor: guest === "ok" ? "ok" : "unknown",
    guest,
  };
};

const sourceStage = (
  walks: readonly PathWalk[],
  secret: Secret,
  { unit, shares }: StageInput,
): StageState => {
  if (walks.some(({ file }) => file !== undefined && hasContent(file.stat))) return "ok";
  if (hasFallback(secret, unit)) return "ok";
  if (walks.some(({ end, file }) => end === "absent" || end === "loop" || file !== undefined))
    return "broken";
  return isShared(secret, shares) ? "ok" : "unknown";
};

/** What comes out of a socket, a pipe or a directory has no size of its own. */
const hasContent = ({ type, size }: FileStat): boolean => type !== "file" || size > 0;

/** SetCredential= gives a value where nothing else does. */
const hasFallback = ({ credentialIds }: Secret, unit: VmUnit | undefined): boolean =>
  (unit?.setIds ?? []).some(({ value }) => credentialIds.includes(value));

/** A file that lies in a directory that the guest is shown. */
const isShared = ({ paths }: Secret, shares: Shares | undefined): boolean =>
  (shares?.directories ?? []).some(({ source, names }) =>
    (names ?? []).some((name) => paths.some((path) => path === `${source}/${name}`)),
  );

const accessStage = (
  walks: readonly PathWalk[],
  bySystemd: boolean,
  secret: Secret,
  { reads, shares, unit, runner }: StageInput,
): StageState => {
  const answers = new Set(
    reads.filter(({ path }) => secret.paths.includes(path)).map(({ access }) => access.status),
  );
  if (answers.has("denied") || answers.has("hidden")) return "broken";
  if (answers.size > 0) return answers.size === 1 && answers.has("allowed") ? "ok" : "unknown";
  // virtiofsd works as root.
  const isServed = (shares?.directories ?? []).some(
    ({ source, protocol }) =>
      protocol === "virtiofs" && secret.paths.some((path) => path.startsWith(`${source}/`)),
  );
  if (isServed) return "ok";
  if (bySystemd) return walks.some(({ end }) => end === "present") ? "ok" : "unknown";
  return isWhole(unit) && runner !== undefined ? "not-configured" : "unknown";
};

/** What could not be read of a unit may hand anything over. */
const isWhole = (unit: VmUnit | undefined): boolean =>
  unit !== undefined && unit.unread === undefined;

const credentialsStage = (
  loaded: VmUnit["credentials"],
  walks: readonly PathWalk[],
  {
    bySystemd,
    isSealed,
    fallback,
    isWhole: isAll,
  }: {
    readonly bySystemd: boolean;
    /** Nothing shows that the host's keys open it. */
    readonly isSealed: boolean;
    readonly fallback: boolean;
    readonly isWhole: boolean;
  },
): StageState => {
  if (fallback) return "ok";
  if (!bySystemd) return isAll ? "not-configured" : "unknown";
  if (loaded.some(({ source }) => source === undefined)) return "unknown";
  if (walks.some(({ end }) => end === "absent")) return "broken";
  return walks.some(({ end }) => end === "present") && !isSealed ? "ok" : "unknown";
};

/** systemd opened this file as it is now: the unit was given the credential since it was written, or its newest start got past that. */
const wasOpened = (
  { id, source }: LoadedCredential,
  { store, secretFiles, history }: StageInput,
): boolean => {
  const written = source === undefined ? undefined : secretFiles?.walks.get(source)?.file?.stat;
  if (written === undefined) return false;
  const given = store?.given.credentials.find(({ name }) => name === id)?.ref.stat;
  if (given !== undefined && given.mtime >= written.mtime) return true;
  const newest = history?.phases.findLast(({ starts }) => starts.length > 0)?.starts.at(-1);
  return (
    newest?.started !== undefined &&
    newest.first.time >= written.mtime &&
    !newest.spawnFailures.some(({ step }) => step === "CREDENTIALS")
  );
};

const runnerStage = (secret: Secret, { runner, secrets }: StageInput): StageState => {
  // That none is there at all is the finding runner/missing.
  if (runner === undefined) return "unknown";
  if (waysForSecrets(runner, secrets).length === 0)
    return isForTheUnitAlone(secret) ? "unknown" : "broken";
  const used = credentialsUsed(runner);
  const takes =
    used === "all"
      ? secret.credentialIds.length > 0
      : secret.credentialIds.some((id) => used.includes(id));
  const reads = runner.reads.some(({ path }) => secret.paths.includes(path));
  const passes = runner.channels.some(
    (channel) =>
      ("names" in channel && channel.names.some((name) => secret.guestNames.includes(name))) ||
      ("name" in channel && secret.guestNames.includes(channel.name)) ||
      (channel.kind === "share" &&
        secret.paths.some((path) => path.startsWith(`${channel.path}/`))),
  );
  if (takes || reads || passes || takesFromEnvironment(runner, [secret])) return "ok";
  return secret.credentialIds.length > 0 && used !== "all" ? "broken" : "unknown";
};

/** The guest's newest word in the newest phase that has starts. */
export const guestStage = (secret: Secret, history: History | undefined): StageState => {
  const newest = history?.phases.findLast(({ starts }) => starts.length > 0);
  const here = new Set(newest?.starts.map(({ id }) => id) ?? []);
  const report = secret.reports.findLast(({ start }) => here.has(start));
  if (report === undefined) return "unknown";
  return report.bytes > 0 ? "ok" : "broken";
};

const inOrder = (
  raw: Readonly<Record<Stage, StageState>>,
  altered: boolean,
): Record<Stage, StageState> => {
  const ordered = { ...raw };
  const arrived = raw.guest === "ok" && !altered;
  let broken = false;
  for (const stage of STAGES) {
    const state = raw[stage];
    if (broken && state !== "not-configured") ordered[stage] = "not-reached";
    else if (arrived && (state === "broken" || (state === "unknown" && stage !== "credentials")))
      ordered[stage] = "ok";
    else if (state === "broken") broken = true;
  }
  return ordered;
};
