import type { CredentialStore } from "../evidence/credential-store.ts";
import type { EvidenceRef, JournalRef } from "../evidence/reference.ts";
import type { SecretFiles } from "../evidence/secret-files.ts";
import type { LoadedCredential, VmUnit } from "../evidence/unit.ts";
import type { Certainty, InvocationId } from "../vocabulary.ts";
import type { History, Phase } from "./history.ts";
import { credentialWords, type CredentialTrouble } from "./credential-words.ts";

/** Why systemd cannot give the unit one of its credentials, by the files, the words of its child and its errno. */
export interface CredentialVerdict {
  readonly credential: LoadedCredential;
  readonly trouble: CredentialTrouble;
  readonly certainty: Certainty;
  readonly evidence: readonly EvidenceRef[];
  /** One sentence on what shows it. */
  readonly because: string;
}

export interface CredentialFailures {
  readonly verdicts: readonly CredentialVerdict[];
  /** Starts that ended at step CREDENTIALS in the newest phase that has any. */
  readonly starts: readonly InvocationId[];
  /** How many starts these are; of a long loop not all are held. */
  readonly count: number;
  readonly phase?: Phase;
  readonly words: readonly JournalRef[];
  /** No later start got past that step. */
  readonly inForce: boolean;
}

export interface CredentialInput {
  readonly unit: VmUnit;
  readonly secretFiles: SecretFiles;
  readonly history?: History;
  readonly credentialStore?: CredentialStore;
}

/** 1 MiB for the names and contents of all plain credentials together (src/basic/constants.h, CREDENTIALS_TOTAL_SIZE_MAX); that much exactly is refused too. */
const MOST_BYTES = 1024 * 1024;
/** Base64 of the largest encrypted credential: certain only above it (src/shared/creds-util.h, CREDENTIAL_ENCRYPTED_SIZE_MAX). */
const MOST_ENCRYPTED_BYTES = ((1024 + 128) * 1024 * 4) / 3;

/** What is known of each credential that systemd refused, or would refuse at the next start. */
export const credentialFailures = (input: CredentialInput): CredentialFailures => {
  const { unit, history } = input;
  const { phase, starts, count, failures, heard: all, words, inForce } = credentialWords(history);
  const byFiles = unit.credentials.flatMap((credential) => staticVerdicts(credential, input));
  // A file's name suggests another sealed name. Of a start that failed systemd would have said so itself (252 to 262).
  const kept =
    failures.length + all.length === 0
      ? byFiles
      : byFiles.filter(({ certainty }) => certainty !== "weak");
  const explained = new Set(kept.map(({ trouble }) => trouble));
  const heard = all.filter(({ trouble }) => !explained.has(trouble));
  return {
    verdicts: [
      ...kept,
      ...heardVerdicts(heard, input),
      ...lastResort(kept, heard, failures, input),
    ],
    starts,
    count,
    ...(phase === undefined ? {} : { phase }),
    words,
    inForce,
  };
};

/** What the files alone prove. */
const staticVerdicts = (
  credential: LoadedCredential,
  { unit, secretFiles }: CredentialInput,
): readonly CredentialVerdict[] => {
  const { id, source, encrypted } = credential;
  const walk = source === undefined ? undefined : secretFiles.walks.get(source);
  if (source === undefined || walk === undefined) return [];
  if (walk.end === "absent") {
    return unit.setIds.some(({ value }) => value === id)
      ? []
      : [
          verdict(
            credential,
            "missing",
            "proven",
            [walk.ref],
            `${walk.stopped ?? source} does not exist.`,
          ),
        ];
  }
  const size = walk.file?.stat.type === "file" ? walk.file.stat.size : 0;
  const found: CredentialVerdict[] = [];
  const total = encrypted ? size : sizeOfAll(unit, secretFiles);
  if (size > 0 && (encrypted ? size > MOST_ENCRYPTED_BYTES : total > MOST_BYTES)) {
    found.push(
      verdict(
        credential,
        "too-large",
        "proven",
        [walk.ref],
        size >= MOST_BYTES
          ? `${source} has ${size} bytes, and the limit is ${MOST_BYTES} with the name.`
          : `All credentials of the unit together have ${total} bytes with their names, and the limit is ${MOST_BYTES}.`,
      ),
    );
  }
  const embedded = source.slice(source.lastIndexOf("/") + 1).replace(/\.cred$/u, "");
  if (encrypted && source.endsWith(".cred") && embedded !== id) {
    found.push(
      verdict(
        credential,
        "name-mismatch",
        "weak",
        [walk.ref, credential.ref],
        `The file is called ${embedded}.cred, after the name that systemd-creds seals into it, and the unit asks for ${id}.`,
      ),
    );
  }
  return found;
};

const sizeOfAll = ({ credentials }: VmUnit, { walks }: SecretFiles): number =>
  credentials
    .filter(({ encrypted }) => !encrypted)
    .reduce((sum, { id, source }) => {
      const stat = source === undefined ? undefined : walks.get(source)?.file?.stat;
      return sum + (stat?.type === "file" ? id.length + stat.size : 0);
    }, 0);

/** The unit itself holds the sealed text: there is no file. */
const sealedInUnit = ({ sealedIds = [] }: VmUnit): readonly LoadedCredential[] =>
  sealedIds.map(({ value, ref }) => ({ id: value, encrypted: true, ref }));

/** What systemd's child or its errno says: about the encrypted credentials, or the one credential that there is. */
const heardVerdicts = (
  heard: readonly { readonly trouble: CredentialTrouble; readonly ref: JournalRef }[],
  { unit }: CredentialInput,
): readonly CredentialVerdict[] => {
  const encrypted = [...unit.credentials.filter((one) => one.encrypted), ...sealedInUnit(unit)];
  return heard.flatMap(({ trouble, ref }) => {
    const [only, ...others] =
      trouble === "missing" || trouble === "too-large" ? unit.credentials : encrypted;
    return only === undefined
      ? []
      : [
          verdict(
            only,
            trouble,
            others.length === 0 ? "proven" : "strong",
            [ref],
            others.length === 0
              ? "systemd says so itself."
              : "systemd says so, and does not say of which of them.",
          ),
        ];
  });
};

/** Up to 258 neither words nor errno need tell: what remains of an encrypted credential whose file is there is that it does not open. */
const lastResort = (
  byFiles: readonly CredentialVerdict[],
  heard: readonly unknown[],
  failures: readonly { readonly ref: JournalRef }[],
  { unit, secretFiles, credentialStore }: CredentialInput,
): readonly CredentialVerdict[] => {
  const last = failures.at(-1);
  const sealed = [
    ...unit.credentials.filter(
      ({ encrypted, source }) =>
        encrypted && source !== undefined && secretFiles.walks.get(source)?.end === "present",
    ),
    ...sealedInUnit(unit),
  ];
  const [credential] = sealed;
  if (credential === undefined || heard.length > 0) return [];
  const hostKey = credentialStore?.hostKey;
  const fault = hostKeyFault(hostKey?.stat, hostKey?.absent === true);
  const certain = byFiles.filter(({ certainty }) => certainty !== "weak");
  if (certain.length > 0) return [];
  if (fault !== undefined && hostKey !== undefined) {
    return [
      verdict(
        credential,
        "undecryptable",
        last === undefined ? "weak" : "strong",
        [hostKey],
        fault,
      ),
    ];
  }
  if (last === undefined || byFiles.length > 0) return [];
  return [
    verdict(
      credential,
      "undecryptable",
      unit.credentials.every((one) => sealed.includes(one)) ? "strong" : "weak",
      [last.ref],
      "Every file is there and small enough, and systemd fails at this step.",
    ),
  ];
};

/** get_credential_host_secret (src/shared/creds-util.c): a regular file, 0400, 17 bytes or more. */
const hostKeyFault = (
  stat: { readonly mode: number; readonly size: number; readonly type: string } | undefined,
  isAbsent: boolean,
): string | undefined => {
  if (isAbsent)
    return "The host has no /var/lib/systemd/credential.secret: only a credential that is bound to the TPM alone could be opened.";
  if (stat === undefined) return undefined;
  if (stat.type !== "file" || stat.mode !== 0o400 || stat.size < 17)
    return "The host's key, /var/lib/systemd/credential.secret, is not the file of root with mode 0400 that systemd asks for.";
  return undefined;
};

const verdict = (
  credential: LoadedCredential,
  trouble: CredentialTrouble,
  certainty: Certainty,
  evidence: readonly EvidenceRef[],
  because: string,
): CredentialVerdict => ({ credential, trouble, certainty, evidence, because });
