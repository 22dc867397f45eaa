import type { PathWalk, SecretFiles } from "../evidence/secret-files.ts";
import type { VmUnit } from "../evidence/unit.ts";
import type { Runner } from "../evidence/runner.ts";
import { accessTo, type Reader } from "../facts/access.ts";
import { credentialsUsed, pathsReadAsUser, waysForSecrets } from "../facts/handover.ts";
import type { History } from "../facts/history.ts";
import type { Secret } from "../facts/secrets.ts";
import { STAGES, type Stage, type StageState } from "../vocabulary.ts";
import type { SecretStages } from "./finding.ts";

export interface StageInput {
  readonly secrets: readonly Secret[];
  readonly unit: VmUnit | undefined;
  readonly runner: Runner | undefined;
  /** No runner is there, by proof and not for lack of rights. */
  readonly runnerMissing: boolean;
  readonly secretFiles: SecretFiles | undefined;
  readonly reader: Reader | undefined;
  readonly history: History | undefined;
}

/** For each secret how far it gets now: six stages, and nothing behind the first broken one counts as reached. */
export const secretStages = (input: StageInput): readonly SecretStages[] =>
  input.secrets.map((secret) => ({
    secret: secret.name,
    stages: inOrder(rawStages(secret, input)),
  }));

const rawStages = (secret: Secret, input: StageInput): Record<Stage, StageState> => {
  const walks = secret.paths.flatMap((path) => input.secretFiles?.walks.get(path) ?? []);
  const loaded = (input.unit?.credentials ?? []).filter(
    ({ id, source }) =>
      secret.credentialIds.includes(id) || (source !== undefined && secret.paths.includes(source)),
  );
  const guest = guestStage(secret, input.history);
  const runner = runnerStage(secret, input);
  return {
    source: sourceStage(walks, secret, input.unit),
    access: accessStage(walks, loaded.length > 0, secret, input),
    credentials: credentialsStage(loaded, walks),
    runner,
    hypervisor: guest === "ok" ? "ok" : "unknown",
    guest,
  };
};

const sourceStage = (
  walks: readonly PathWalk[],
  secret: Secret,
  unit: VmUnit | undefined,
): StageState => {
  if (walks.some(({ file }) => file?.stat.type === "file" && file.stat.size > 0)) return "ok";
  if (walks.some(({ end, file }) => end === "absent" || end === "loop" || file?.stat.size === 0))
    return "broken";
  return (unit?.setIds ?? []).some(({ value }) => secret.credentialIds.includes(value))
    ? "ok"
    : "unknown";
};

const accessStage = (
  walks: readonly PathWalk[],
  bySystemd: boolean,
  secret: Secret,
  { runner, reader }: StageInput,
): StageState => {
  const own =
    runner === undefined
      ? []
      : pathsReadAsUser(runner).filter(({ path }) => secret.paths.includes(path));
  if (own.length > 0) {
    if (reader === undefined) return "unknown";
    const answers = new Set(
      own
        .flatMap(({ path }) => walks.filter((walk) => walk.path === path))
        .map((walk) => accessTo(walk, reader).status),
    );
    if (answers.has("denied")) return "broken";
    return answers.has("allowed") ? "ok" : "unknown";
  }
  if (bySystemd) return walks.some(({ end }) => end === "present") ? "ok" : "unknown";
  return "not-configured";
};

const credentialsStage = (
  loaded: VmUnit["credentials"],
  walks: readonly PathWalk[],
): StageState => {
  if (loaded.length === 0) return "not-configured";
  if (loaded.some(({ source }) => source === undefined)) return "unknown";
  if (walks.some(({ end }) => end === "absent")) return "broken";
  return walks.some(({ end }) => end === "present") ? "ok" : "unknown";
};

const runnerStage = (
  secret: Secret,
  { runner, runnerMissing, secrets }: StageInput,
): StageState => {
  if (runner === undefined) return runnerMissing ? "broken" : "unknown";
  if (waysForSecrets(runner, secrets).length === 0) return "broken";
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
  if (takes || reads || passes) return "ok";
  return secret.credentialIds.length > 0 && used !== "all" ? "broken" : "unknown";
};

/** The guest's newest word in the newest phase that has starts. */
const guestStage = (secret: Secret, history: History | undefined): StageState => {
  const newest = history?.phases.findLast(({ starts }) => starts.length > 0);
  const here = new Set(newest?.starts.map(({ id }) => id) ?? []);
  const report = secret.reports.findLast(({ start }) => here.has(start));
  if (report === undefined) return "unknown";
  return report.bytes > 0 ? "ok" : "broken";
};

const inOrder = (raw: Readonly<Record<Stage, StageState>>): Record<Stage, StageState> => {
  const ordered = { ...raw };
  const arrived = raw.guest === "ok";
  let broken = false;
  for (const stage of STAGES) {
    const state = raw[stage];
    if (broken && state !== "not-configured") ordered[stage] = "not-reached";
    else if (arrived && (state === "unknown" || state === "broken")) ordered[stage] = "ok";
    else if (state === "broken") broken = true;
  }
  return ordered;
};
