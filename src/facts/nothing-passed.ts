import type { LinkedRunners } from "../evidence/evidence.ts";
import type { EvidenceRef } from "../evidence/reference.ts";
import type { Runner } from "../evidence/runner.ts";
import type { SecretFiles } from "../evidence/secret-files.ts";
import type { VmUnit } from "../evidence/unit.ts";
import type { HostPath, InvocationId } from "../vocabulary.ts";
import type { History } from "./history.ts";
import { newestReport, passedValues, sourceFile, startsOfRunner } from "./passed-values.ts";
import { namesOfGuest, type Secret } from "./secrets.ts";
import { meaningsIn } from "./starts.ts";

/** A credential that the VMM does not get although its source may well have bytes. */
export interface NothingPassed {
  readonly how: "joined" | "replaced" | "unset" | "not-loaded" | "passed-empty";
  /** As the guest or the unit calls them. */
  readonly names: readonly string[];
  readonly secrets: readonly string[];
  readonly starts: readonly InvocationId[];
  readonly paths: readonly HostPath[];
  readonly certainty: "proven" | "strong";
  readonly refs: readonly [EvidenceRef, ...EvidenceRef[]];
  /** `joined`: the one that arrives. */
  readonly kept?: string;
  readonly variables?: readonly string[];
  /** `not-loaded`: what the unit does load. */
  readonly loaded?: readonly string[];
  /** Size of the source on the host. */
  readonly sourceBytes?: number;
}

export interface PassingInput {
  readonly secrets: readonly Secret[];
  readonly runners: LinkedRunners;
  readonly unit?: VmUnit;
  readonly history?: History;
  readonly secretFiles?: SecretFiles;
}

/** Several credentials in one fw_cfg argument: all but the last are lost. */
export const joinedArguments = (
  runner: Runner,
  { secrets, history }: PassingInput,
): readonly NothingPassed[] => {
  const channels = runner.channels.filter(
    (channel) => channel.kind === "fw-cfg-file" || channel.kind === "fw-cfg-string",
  );
  const lost = channels.filter(({ overridden }) => overridden === true);
  const [first, ...rest] = lost;
  if (first === undefined) return [];
  const { starts } = startsOfRunner(runner, history);
  const names = lost.map(({ name }) => name).filter((name) => !arrived(name, secrets, starts));
  const kept = channels[channels.lastIndexOf(lost.at(-1) ?? first) + 1]?.name;
  return names.length === 0
    ? []
    : [
        {
          how: "joined",
          names,
          secrets: namesOfGuest(secrets, names),
          starts: [],
          paths: [],
          certainty: "proven",
          refs: [first.ref, ...rest.map(({ ref }) => ref)],
          ...(kept === undefined ? {} : { kept }),
        },
      ];
};

/** Two lists of OEM strings in one option: cloud-hypervisor takes the last one, without a word. */
export const replacedLists = (
  runner: Runner,
  { secrets, history }: PassingInput,
): readonly NothingPassed[] => {
  const { starts } = startsOfRunner(runner, history);
  const lost = passedValues(runner).filter(
    ({ value }) => value.overridden === true && !arrived(value.name, secrets, starts),
  );
  const [first, ...rest] = lost;
  const names = lost.map(({ value }) => value.name);
  return first === undefined
    ? []
    : [
        {
          how: "replaced",
          names,
          secrets: namesOfGuest(secrets, names),
          starts: [],
          paths: [],
          certainty: "proven",
          refs: [first.ref, ...rest.map(({ ref }) => ref)],
        },
      ];
};

/** Values of variables that neither the script nor the unit sets. An environment file may set anything. */
export const unsetVariables = (
  runner: Runner,
  { secrets, unit, history }: PassingInput,
): readonly NothingPassed[] => {
  if (unit === undefined || unit.environmentFiles.length > 0) return [];
  const given = new Set(unit.environment.map(({ value }) => value));
  const { phase, starts } = startsOfRunner(runner, history);
  return passedValues(runner).flatMap(({ value, ref }): readonly NothingPassed[] => {
    const variables = value.unset.filter((name) => !given.has(name));
    if (variables.length === 0 || arrived(value.name, secrets, starts)) return [];
    const ended = (phase?.starts ?? []).flatMap((start) =>
      meaningsIn(start, "unbound-variable")
        .filter(({ meaning }) => variables.includes(meaning.name))
        .map((word) => ({ start: start.id, ref: word.ref })),
    );
    return [
      {
        how: "unset",
        names: [value.name],
        secrets: namesOfGuest(secrets, [value.name]),
        starts: ended.map(({ start }) => start),
        paths: [],
        certainty: ended.length > 0 ? "proven" : "strong",
        refs: [ref, unit.fragment, ...ended.slice(0, 1).map((one) => one.ref)],
        variables,
      },
    ];
  });
};

/** Ids that the runner takes from $CREDENTIALS_DIRECTORY and that the unit, which hands over others, does not load. */
export const notLoaded = (
  runner: Runner,
  { secrets, unit, history }: PassingInput,
): readonly NothingPassed[] => {
  const use = runner.credentialsDirectory;
  if (use === undefined || unit === undefined) return [];
  const loaded = [
    ...unit.credentials.map(({ id }) => id),
    ...unit.setIds.map(({ value }) => value),
  ];
  // An import may bring any name that its pattern fits, a directory any name behind its id; without a setting at all another rule speaks.
  if (loaded.length === 0 || unit.imported.length > 0) return [];
  const missing = use.ids.filter(
    (id) => !loaded.some((one) => one === id || id.startsWith(`${one}_`)),
  );
  const [first] = missing;
  if (first === undefined) return [];
  const phase = history?.phases.findLast(({ starts }) => starts.length > 0);
  const failed = (phase?.starts ?? []).flatMap((start) =>
    meaningsIn(start, "no-such-file")
      .filter(({ meaning }) =>
        missing.some((id) => meaning.path === `/run/credentials/${unit.name}/${id}`),
      )
      .map(({ ref }) => ({ start: start.id, ref })),
  );
  return [
    {
      how: "not-loaded",
      names: missing,
      secrets: secrets
        .filter(({ credentialIds }) => credentialIds.some((id) => missing.includes(id)))
        .map(({ name }) => name),
      starts: failed.map(({ start }) => start),
      paths: [],
      certainty: "proven",
      refs: [
        use.ref,
        ...unit.credentials.slice(0, 1).map(({ ref }) => ref),
        unit.fragment,
        ...failed.slice(0, 1).map(({ ref }) => ref),
      ],
      loaded,
    },
  ];
};

/** A command line that the journal shows has nothing behind the name of a credential whose source is not empty. */
export const passedEmpty = ({
  secrets,
  history,
  secretFiles,
}: PassingInput): readonly NothingPassed[] => {
  const phase = history?.phases.findLast(({ starts }) => starts.length > 0);
  const words = (phase?.starts ?? []).flatMap((start) =>
    meaningsIn(start, "credential-argument").map((word) => ({ ...word, start: start.id })),
  );
  const names = [...new Set(words.map(({ meaning }) => meaning.name))];
  return names.flatMap((name): readonly NothingPassed[] => {
    const own = words.filter(({ meaning }) => meaning.name === name);
    const newest = own.at(-1);
    if (newest === undefined || newest.meaning.bytes > 0) return [];
    const secret = secrets.find(({ guestNames }) => guestNames.includes(name));
    const file =
      secret === undefined || secretFiles === undefined
        ? undefined
        : sourceFile(secret, secretFiles);
    if (file?.stat.size === 0) return [];
    return [
      {
        how: "passed-empty",
        names: [name],
        secrets: secret === undefined ? [] : [secret.name],
        starts: own.filter(({ meaning }) => meaning.bytes === 0).map(({ start }) => start),
        paths: file === undefined ? [] : (secret?.paths ?? []),
        certainty: file === undefined ? "strong" : "proven",
        refs: [newest.ref, ...(file === undefined ? [] : [file.ref])],
        ...(file === undefined ? {} : { sourceBytes: file.stat.size }),
      },
    ];
  });
};

/** The guest reported it with content, from one of these starts. */
const arrived = (
  name: string,
  secrets: readonly Secret[],
  starts: readonly InvocationId[],
): boolean =>
  secrets.some(
    (secret) => secret.guestNames.includes(name) && (newestReport(secret, starts)?.bytes ?? 0) > 0,
  );
