import { stripVTControlCharacters } from "node:util";
import type { OutputMeaning } from "../evidence/journal.ts";
import { hostPath } from "../vocabulary.ts";

/** The text of a line without ANSI escape sequences (ECMA-48) and carriage returns: a guest's console writes both. */
const withoutTerminalNoise = (text: string): string =>
  stripVTControlCharacters(text).replaceAll("\r", "");

/**
 * What a line of a unit's own output says that rules can use; a line may say several things.
 * Matches errno words and the shapes of the field, never one program's whole sentence.
 */
export const meaningsOf = (message: string): readonly OutputMeaning[] => {
  const text = withoutTerminalNoise(message);
  return [
    ...fileErrors(text),
    ...credentialSizes(text),
    ...receivedCredentials(text),
    ...guestKernel(text),
  ];
};

/** `cat: PATH: Permission denied`, `line 9: PATH: No such file or directory`, QEMU's `Failed to open file "PATH": ...` with any quotes. */
const FILE_ERROR =
  /(?<path>\/[^\s:"'`\u2018-\u201D]*[^\s:"'`\u2018-\u201D.,])["'`\u2018-\u201D]?\s*:\s*(?<reason>Permission denied|No such file)/giu;
const PROGRAM = /^(?:\S+\[\d+\]: )?(?<program>[\w.+-]+):\s/u;
const CREDENTIAL_FILE =
  /\/run\/credentials\/[^/\s]+\/(?<name>[^\s:"']+)["']?\s*:\s*No such file/giu;

const fileErrors = (text: string): readonly OutputMeaning[] => {
  const program = PROGRAM.exec(text)?.groups?.["program"];
  const missing = [...text.matchAll(CREDENTIAL_FILE)].flatMap(({ groups }): OutputMeaning[] =>
    groups?.["name"] === undefined
      ? []
      : [{ kind: "credential-file-missing", name: groups["name"] }],
  );
  const errors = [...text.matchAll(FILE_ERROR)].flatMap(({ groups }): OutputMeaning[] => {
    const path = groups?.["path"];
    if (path === undefined) return [];
    const kind = /^Permission/iu.test(groups?.["reason"] ?? "")
      ? "permission-denied"
      : "no-such-file";
    return [{ kind, path: hostPath(path), ...(program === undefined ? {} : { program }) }];
  });
  return [...missing, ...errors];
};

/** `API_KEY = 0 bytes`, `api-key: 44 bytes`: only names that a secret could have, since kernels count bytes too. */
const SIZE = /(?<![\w.-])(?<name>[A-Za-z][\w.-]*)\s*[=:]\s*(?<bytes>\d{1,9})\s*(?:bytes?|B)\b/gu;
const SECRET_LIKE = /key|token|secret|passw|passphrase|cred|cert|jwt|auth|psk/iu;

const credentialSizes = (text: string): readonly OutputMeaning[] =>
  [...text.matchAll(SIZE)].flatMap(({ groups }): OutputMeaning[] => {
    const name = groups?.["name"];
    if (name === undefined || !SECRET_LIKE.test(name)) return [];
    return [{ kind: "credential-size", name, bytes: Number(groups?.["bytes"]) }];
  });

/** PID 1 of the guest (src/core/import-creds.c): `Received regular credentials: A, B`. vmm.notify_socket is the VMM's own. */
const RECEIVED = /Received (?:regular|untrusted|encrypted) credentials: (?<names>[\w.,\s-]+)/u;

const receivedCredentials = (text: string): readonly OutputMeaning[] => {
  const names = RECEIVED.exec(text)
    ?.groups?.["names"]?.split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("vmm."));
  return names === undefined || names.length === 0 ? [] : [{ kind: "credentials-received", names }];
};

/** The first thing that a Linux guest says: from here on the VMM has done its part. */
const GUEST_KERNEL =
  /^\s*\[\s*\d+\.\d+\]\s|^\s*Linux version \d|Welcome to .*NixOS|systemd\[1\]: (?:Hostname set|Reached target)/u;

const guestKernel = (text: string): readonly OutputMeaning[] =>
  GUEST_KERNEL.test(text) ? [{ kind: "guest-kernel" }] : [];
