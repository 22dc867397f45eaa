import type { InstallerEvent, InstallerKind, InstallerWord } from "../evidence/installation.ts";
import type { Host } from "../host/host.ts";
import { journalRef, type JournalEntry } from "../journal/entry.ts";
import { installerMatches } from "../journal/matches.ts";
import { MESSAGE_ID } from "../journal/message-ids.ts";
import { readEntries, type Window } from "../journal/read.ts";
import { hostPath, type HostPath } from "../vocabulary.ts";

/** What the installers of secrets said: as units, and as snippets of an activation at boot or in the initrd. */
export const collectInstallerEvents = async (
  host: Host,
  window: Window,
): Promise<{ readonly events: readonly InstallerEvent[]; readonly malformed: number }> => {
  const events: InstallerEvent[] = [];
  const { malformed } = await readEntries(host, installerMatches(), window, (entry) => {
    const installer = installerOf(entry);
    const ref = journalRef(entry);
    for (const word of wordsOf(entry))
      events.push({ installer, word, boot: entry.boot, time: entry.time, ref });
  });
  return { events, malformed };
};

const installerOf = ({ unit, identifier, message }: JournalEntry): InstallerKind | undefined => {
  const said = `${unit ?? ""} ${identifier} ${message}`;
  if (/agenix/iu.test(said)) return "agenix";
  return /sops|setupSecrets/iu.test(said) ? "sops-nix" : undefined;
};

const wordsOf = (entry: JournalEntry): readonly InstallerWord[] => {
  // stage-2-init is PID 1 as well, until it hands over to systemd.
  if (entry.author === "manager" && entry.messageId !== undefined) return managerWord(entry);
  for (const { pattern, word } of PATTERNS) {
    const found = pattern.exec(entry.message);
    if (found !== null) return word(found.groups ?? {}) ?? [];
  }
  return [];
};

/** A unit that runs an installer, by the name that sops-nix, agenix or who wraps them gave it. */
const INSTALLER_UNIT = /sops|agenix|secrets/u;

const managerWord = ({ messageId, message, unit }: JournalEntry): readonly InstallerWord[] => {
  if (unit === undefined || !INSTALLER_UNIT.test(unit)) return [];
  switch (messageId) {
    case MESSAGE_ID.unitStarting:
      return [{ kind: "started" }];
    case MESSAGE_ID.unitStarted:
      // A skip has the id of a start that is done; only its words tell.
      return /\bskipped\b/iu.test(message) ? [] : [{ kind: "finished" }];
    case MESSAGE_ID.unitFailureResult:
      return [{ kind: "failed" }];
    default:
      return [];
  }
};

const absolute = (path: string | undefined): HostPath | undefined =>
  path?.startsWith("/") ? hostPath(path) : undefined;

interface Pattern {
  readonly pattern: RegExp;
  readonly word: (
    groups: Readonly<Record<string, string | undefined>>,
  ) => readonly InstallerWord[] | undefined;
}

const QUOTED = String.raw`["'\u2018\u201C]?(?<path>\/[^\s:"'\u2019\u201D]+)`;

/** The most telling first: a line counts once. sops-nix pkgs/sops-install-secrets/main.go at 56b2406, agenix modules/age.nix at b027ee2, age(1). */
const PATTERNS: readonly Pattern[] = [
  {
    pattern: new RegExp(
      String.raw`(?:cannot read|failed to read|Cannot open|no such).*key\s?file ${QUOTED}`,
      "iu",
    ),
    word: ({ path }) => {
      const key = absolute(path);
      return [{ kind: "no-key", ...(key === undefined ? {} : { path: key }) }];
    },
  },
  {
    pattern: new RegExp(String.raw`Cannot read ssh key ${QUOTED}`, "iu"),
    word: ({ path }) => {
      const key = absolute(path);
      return key === undefined ? undefined : [{ kind: "key-unreadable", path: key }];
    },
  },
  {
    pattern: /no readable identities|no identities? (?:found|specified)/iu,
    word: () => [{ kind: "no-key" }],
  },
  // age and rage about an identity that is not there; what lies in the store is the encrypted file.
  {
    pattern: new RegExp(
      String.raw`(?:\br?age: error: (?:reading|failed to open|open)|identity file not found:?) ["'\u2018\u201C]?(?!/nix/store/)(?<path>/[^\s:"'\u2019\u201D]+)`,
      "iu",
    ),
    word: ({ path }) => {
      const key = absolute(path);
      return [{ kind: "no-key", ...(key === undefined ? {} : { path: key }) }];
    },
  },
  {
    pattern: new RegExp(
      String.raw`failed to decrypt ${QUOTED}.*(?:metadata not found|unmarshal|invalid character|\bMAC\b|data integrity)`,
      "iu",
    ),
    word: ({ path }) => {
      const file = absolute(path);
      return [{ kind: "unreadable-file", ...(file === undefined ? {} : { file }) }];
    },
  },
  {
    pattern: new RegExp(
      String.raw`(?:failed to decrypt\s+${QUOTED})|no identity matched|no matching|no key could decrypt|groups required, got 0`,
      "iu",
    ),
    word: ({ path }) => {
      const file = absolute(path);
      return [{ kind: "wrong-key", ...(file === undefined ? {} : { file }) }];
    },
  },
  // age and rage about anything else, as a damaged header: after the patterns for keys.
  {
    pattern: /\b(?:r?age: error|failed to read header|parsing (?:age )?header|invalid header)\b/iu,
    word: () => [{ kind: "unreadable-file" }],
  },
  {
    pattern: new RegExp(String.raw`Imported ${QUOTED}? ?as (?:age|GPG) key`, "iu"),
    word: ({ path }) => {
      const key = absolute(path);
      return [{ kind: "key-imported", ...(key === undefined ? {} : { path: key }) }];
    },
  },
  {
    pattern:
      /failed to lookup (?:user|group) ["'\u2018\u201C]?(?<name>[\w.-]+)|invalid (?:user|group|spec): ["'\u2018\u201C]?(?<spec>[\w.:-]+)/iu,
    word: ({ name, spec }) => [{ kind: "owner-unresolved", name: name ?? spec ?? "" }],
  },
  {
    pattern: new RegExp(
      String.raw`cannot (?:access|stat) ${QUOTED}[^:]*:\s*(?:readlink|No such)`,
      "iu",
    ),
    word: ({ path }) => {
      const at = absolute(path);
      if (at === undefined) return undefined;
      return [
        at.endsWith(".tmp") ? { kind: "output-missing", path: at } : { kind: "blocked", path: at },
      ];
    },
  },
  {
    pattern: /Activation script snippet '[^']*(?:ecrets|agenix)[^']*' failed/iu,
    word: () => [{ kind: "failed" }],
  },
  {
    pattern: /\[agenix\] (?:symlinking|chowning)/iu,
    word: () => [{ kind: "linked" }],
  },
  {
    pattern: /setting up secrets|\[agenix\] (?:creating|decrypting)/iu,
    word: () => [{ kind: "started" }],
  },
];
