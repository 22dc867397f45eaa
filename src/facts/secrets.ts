import type { LinkedRunners } from "../evidence/evidence.ts";
import type { Invocation, VmJournal } from "../evidence/journal.ts";
import type { EvidenceRef, FileRef, JournalRef } from "../evidence/reference.ts";
import type { Runner } from "../evidence/runner.ts";
import type { VmUnit } from "../evidence/unit.ts";
import type { GuestSystem } from "../evidence/guest-system.ts";
import type { Shares } from "../evidence/shares.ts";
import { hostPath, type HostPath, type InvocationId } from "../vocabulary.ts";
import { environmentPaths, type EnvironmentFile } from "./environment-files.ts";
import { meaningsIn } from "./starts.ts";

/** What a guest said of one credential in one start. */
export interface GuestReport {
  readonly start: InvocationId;
  readonly name: string;
  readonly bytes: number;
  readonly ref: JournalRef;
}

/** One secret under all the names that it goes by. */
export interface Secret {
  /** The name to show: the file's, else the credential's, else the guest's. */
  readonly name: string;
  readonly paths: readonly HostPath[];
  readonly credentialIds: readonly string[];
  readonly guestNames: readonly string[];
  /** Why it is believed that the VM wants this secret. */
  readonly wantedBy: readonly EvidenceRef[];
  readonly reports: readonly GuestReport[];
  /** It is a file of variables that systemd gives to the unit; their names are in the file. */
  readonly inEnvironment?: true;
}

/** Where secrets lie on a host by convention: sops-nix, agenix, clan and its word for a var without a value, systemd's credential stores. */
export const isSecretPlace = (path: string): boolean =>
  /^\/(?:no-such-path(?:\/|$)|run\/(?:secrets|agenix|user-secrets|partitioning-secrets|keys)|etc\/(?:credstore|secret|secrets)|var\/lib\/(?:sops-nix|secrets))/u.test(
    path,
  );

/** A directory of secrets: by its place, or because a part of its path says so. */
export const isSecretDirectory = (path: string): boolean =>
  isSecretPlace(path) || /\/[^/]*(?:secret|credential|agenix)[^/]*(?:\/|$)/iu.test(path);

/** One place where a secret is named, and who names it there: one writer means two secrets by two paths. */
interface Mention {
  readonly by: "unit" | "current" | "booted" | "shares" | "guest" | "journal";
  readonly path?: HostPath;
  readonly id?: string;
  readonly guestName?: string;
  readonly ref: EvidenceRef;
  readonly report?: GuestReport;
  readonly inEnvironment?: true;
}

export interface SecretSources {
  readonly unit?: VmUnit;
  readonly runners?: LinkedRunners;
  readonly vmJournal?: VmJournal;
  readonly shares?: Shares;
  readonly guestSystem?: GuestSystem;
}

/**
 * The secrets that somebody wants for this VM: the unit, a runner, the journal of a failed read, or the guest that misses them.
 * `API_KEY`, `api-key` and `/run/secrets/.../api-key` are one.
 */
export const findSecrets = (sources: SecretSources): readonly Secret[] => {
  const mentions = mentionsIn(sources);
  const ambiguous = ambiguousNames(mentions);
  const groups: Mention[][] = [];
  for (const mention of mentions) {
    const keys = keysOf(mention, ambiguous);
    const same = groups.filter((group) =>
      group.some((one) => keysOf(one, ambiguous).some((key) => keys.includes(key))),
    );
    const merged = [...same.flat(), mention];
    for (const group of same) groups.splice(groups.indexOf(group), 1);
    groups.push(merged);
  }
  const secrets = groups.map((group) => secretOf(group, ambiguous));
  return secrets
    .filter((one) => !isKnownByVariables(one, secrets))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
};

/** A file of variables whose variables are told each for itself. */
const isKnownByVariables = (
  { inEnvironment, guestNames, paths }: Secret,
  secrets: readonly Secret[],
): boolean =>
  inEnvironment === true &&
  guestNames.length === 0 &&
  secrets.some(
    (other) =>
      other.inEnvironment === true &&
      other.guestNames.length > 0 &&
      other.paths.some((path) => paths.includes(path)),
  );

const mentionsIn = ({
  unit,
  runners,
  vmJournal,
  shares,
  guestSystem,
}: SecretSources): readonly Mention[] => [
  ...(unit?.credentials ?? []).map(({ id, source, ref }): Mention => ({
    by: "unit",
    id,
    ref,
    ...(source === undefined ? {} : { path: source }),
  })),
  ...(unit?.setIds ?? []).map(({ value, ref }): Mention => ({ by: "unit", id: value, ref })),
  ...(unit === undefined ? [] : environmentPaths(unit))
    // What may be left out is wanted by nobody.
    .filter(({ path, required }) => required && isSecretDirectory(path))
    .map(({ path, ref }): Mention => ({ by: "unit", path, ref, inEnvironment: true })),
  ...(["current", "booted"] as const).flatMap((by) => {
    const runner = runners?.[by];
    return runner === undefined ? [] : runnerMentions(runner, by);
  }),
  ...(runners?.current === undefined || unit === undefined
    ? []
    : variableMentions(runners.current, environmentPaths(unit))),
  ...(shares === undefined
    ? []
    : sharedSecretFiles(shares).map((one): Mention => ({ by: "shares", ...one }))),
  ...(guestSystem === undefined ? [] : guestMentions(guestSystem)),
  ...(vmJournal?.invocations ?? []).flatMap(journalMentions),
];

const journalMentions = (start: Invocation): readonly Mention[] => {
  const by = "journal";
  return [
    ...[...meaningsIn(start, "permission-denied"), ...meaningsIn(start, "no-such-file")]
      .filter(({ meaning }) => isSecretPlace(meaning.path))
      .map(({ meaning, ref }): Mention => ({ by, path: meaning.path, ref })),
    ...meaningsIn(start, "credential-size").map(({ meaning, ref }): Mention => ({
      by,
      guestName: meaning.name,
      ref,
      report: { start: start.id, name: meaning.name, bytes: meaning.bytes, ref },
    })),
    ...meaningsIn(start, "credential-file-missing").map(({ meaning, ref }): Mention => ({
      by,
      guestName: meaning.name,
      ref,
    })),
    ...meaningsIn(start, "credentials-received").flatMap(({ meaning, ref }) =>
      meaning.names.map((name): Mention => ({ by, guestName: name, ref })),
    ),
  ];
};

/** Files of a directory that is shared and is a place of secrets; a share of data is none. */
export const sharedSecretFiles = ({
  directories,
}: Shares): readonly { readonly path: HostPath; readonly ref: FileRef }[] =>
  directories
    .filter(({ source }) => isSecretDirectory(source))
    .flatMap(({ source, names, ref }) =>
      (names ?? []).map((name) => ({ path: hostPath(`${source}/${name}`), ref })),
    );

/**
 * What a service of the guest asks for by an exact name. Stock units ask for credentials of systemd's own, all of which have a dot
 * in their names (systemd.system-credentials(7)); a glob names nothing.
 */
const guestMentions = ({ consumers }: GuestSystem): readonly Mention[] =>
  consumers.flatMap(({ wants }) =>
    wants
      .filter(({ name, source }) => source === undefined && /^[\w-]+$/u.test(name))
      .map(({ name, ref }): Mention => ({ by: "guest", guestName: name, ref })),
  );

const runnerMentions = (runner: Runner, by: "current" | "booted"): readonly Mention[] => [
  ...runner.reads.map(({ path, ref }): Mention => ({ by, path, ref })),
  ...(runner.credentialsDirectory?.ids ?? []).map((id): Mention => ({
    by,
    id,
    ref: runner.credentialsDirectory?.ref ?? runner.ref,
  })),
  ...runner.channels.flatMap((channel): readonly Mention[] => {
    switch (channel.kind) {
      case "fw-cfg-file":
        return [
          credentialPath(channel.path) === undefined
            ? { by, guestName: channel.name, path: channel.path, ref: channel.ref }
            : {
                by,
                guestName: channel.name,
                id: credentialPath(channel.path) ?? channel.name,
                ref: channel.ref,
              },
        ];
      case "fw-cfg-string":
        return [{ by, guestName: channel.name, ref: channel.ref }];
      case "smbios-argument":
        return [
          ...(channel.path === undefined || credentialPath(channel.path) !== undefined
            ? []
            : [{ by, path: channel.path, ref: channel.ref }]),
          ...channel.names.map((name) => ({ by, guestName: name, ref: channel.ref })),
        ];
      case "oem-literal":
      case "oem-runtime":
      case "kernel-command-line":
        return channel.names.map((name) => ({ by, guestName: name, ref: channel.ref }));
      case "share":
      case "arguments-script":
        return [];
    }
  }),
];

/** Names that the guest is given the value of a variable for, where one file of the unit's environment can set it. */
const variableMentions = (
  { channels }: Runner,
  files: readonly EnvironmentFile[],
): readonly Mention[] => {
  const [file, ...others] = files.filter(({ path }) => isSecretDirectory(path));
  if (file === undefined || others.length > 0) return [];
  return channels.flatMap((channel) => {
    const values = "values" in channel ? (channel.values ?? []) : [];
    return values
      .filter(({ unset }) => unset.length > 0)
      .map(({ name }): Mention => ({
        by: "current",
        guestName: name,
        path: file.path,
        ref: channel.ref,
        inEnvironment: true,
      }));
  });
};

/** The id in `/run/credentials/UNIT/ID`: a path that systemd makes, not one where a secret comes from. */
const credentialPath = (path: string): string | undefined =>
  /^\/run\/credentials\/[^/]+\/(?<id>[^/]+)$/u.exec(path)?.groups?.["id"];

/** What a socket gives depends on who asks for what: its path names no secret. */
const isProvider = (path: string): boolean => /\.sock(?:et)?$/u.test(path);

const fileName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/**
 * Names of files of which one writer means several: `/run/secrets/mail/password` and `/run/secrets/db/password`. Over the time of a journal
 * one secret may have had two places.
 */
const ambiguousNames = (mentions: readonly Mention[]): ReadonlySet<string> => {
  const paths = new Map<string, Set<string>>();
  for (const { by, path } of mentions) {
    if (path === undefined || by === "journal") continue;
    const key = `${by} ${normal(fileName(path))}`;
    paths.set(key, (paths.get(key) ?? new Set()).add(path));
  }
  return new Set(
    [...paths].flatMap(([key, own]) => (own.size > 1 ? key.slice(key.indexOf(" ") + 1) : [])),
  );
};

/** Several secrets come from one place, which is the name of none of them. */
const isShared = ({ path, id, guestName, inEnvironment }: Mention): boolean =>
  path !== undefined &&
  ((id !== undefined && isProvider(path)) || (inEnvironment === true && guestName !== undefined));

const keysOf = (mention: Mention, ambiguous: ReadonlySet<string>): readonly string[] => {
  const { path, id, guestName } = mention;
  return [
    ...(path === undefined || isShared(mention)
      ? []
      : [
          `path ${path}`,
          ...(isAmbiguous(path, ambiguous) ? [] : [`name ${normal(fileName(path))}`]),
        ]),
    ...(id === undefined ? [] : [`name ${normal(id)}`]),
    ...(guestName === undefined ? [] : [`name ${normal(guestName)}`]),
  ];
};

const isAmbiguous = (path: string, ambiguous: ReadonlySet<string>): boolean =>
  ambiguous.has(normal(fileName(path)));

/** Environment style and file style of one name are the same name. */
const normal = (name: string): string => name.toLowerCase().replaceAll(/[_.\s]+/gu, "-");

const secretOf = (mentions: readonly Mention[], ambiguous: ReadonlySet<string>): Secret => {
  const paths = distinct(mentions.flatMap(({ path }) => path ?? []));
  const credentialIds = distinct(mentions.flatMap(({ id }) => id ?? []));
  const guestNames = distinct(mentions.flatMap(({ guestName }) => guestName ?? []));
  const [path] = paths;
  const own =
    path === undefined ||
    isProvider(path) ||
    isAmbiguous(path, ambiguous) ||
    mentions.some((one) => one.path === path && isShared(one))
      ? undefined
      : fileName(path);
  return {
    name: own ?? credentialIds[0] ?? guestNames[0] ?? lastSteps(path) ?? "unknown",
    paths,
    credentialIds,
    guestNames,
    wantedBy: mentions.map(({ ref }) => ref),
    reports: mentions.flatMap(({ report }) => report ?? []),
    ...(mentions.some(({ inEnvironment }) => inEnvironment) ? { inEnvironment: true } : {}),
  };
};

/** `mail/password` of `/run/secrets/mail/password`: what tells files of one name apart. */
const lastSteps = (path: HostPath | undefined): string | undefined =>
  path?.split("/").slice(-2).join("/");

const distinct = <T>(values: readonly T[]): readonly T[] => [...new Set(values)];

/** The secrets that a guest means by these names. */
export const namesOfGuest = (
  secrets: readonly Secret[],
  guestNames: readonly string[],
): readonly string[] =>
  secrets
    .filter((secret) => secret.guestNames.some((name) => guestNames.includes(name)))
    .map(({ name }) => name);

/** The secrets that the unit on the host loads under these ids. */
export const namesOfUnit = (
  secrets: readonly Secret[],
  ids: readonly string[],
): readonly string[] =>
  secrets
    .filter(({ credentialIds }) => credentialIds.some((id) => ids.includes(id)))
    .map(({ name }) => name);

/** A file of variables for the unit, of which nothing says that the guest is meant to have any. */
export const isForTheUnitAlone = ({ inEnvironment, guestNames, reports }: Secret): boolean =>
  inEnvironment === true && guestNames.length === 0 && reports.length === 0;

/** One of the names that this secret goes by, in environment style or file style. */
export const isNamed = (secret: Secret, name: string): boolean =>
  [secret.name, ...secret.credentialIds, ...secret.guestNames].some(
    (one) => normal(one) === normal(name),
  );
