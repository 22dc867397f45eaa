import type { GuestMeaning } from "../../evidence/output.ts";

/** What a guest says of its credentials and of itself. */
export const guestWords = (text: string): readonly GuestMeaning[] => [
  ...credentialSizes(text),
  ...receivedCredentials(text),
  ...guestKernel(text),
];

/** `API_KEY = 0 bytes`, `api-key: 44 bytes`: only names that a secret could have, since kernels count bytes too. */
const SIZE = /(?<![\w.-])(?<name>[A-Za-z][\w.-]*)\s*[=:]\s*(?<bytes>\d{1,9})\s*(?:bytes?|B)\b/gu;
const SECRET_LIKE = /key|token|secret|passw|passphrase|cred|cert|jwt|auth|psk/iu;

const credentialSizes = (text: string): readonly GuestMeaning[] =>
  [...text.matchAll(SIZE)].flatMap(({ groups }): GuestMeaning[] => {
    const name = groups?.["name"];
    if (name === undefined || !SECRET_LIKE.test(name)) return [];
    return [{ kind: "credential-size", name, bytes: Number(groups?.["bytes"]) }];
  });

/** PID 1 of the guest (src/core/import-creds.c): `Received regular credentials: A, B`. vmm.notify_socket is the VMM's own. */
const RECEIVED = /Received (?:regular|untrusted|encrypted) credentials: (?<names>[\w.,\s-]+)/u;

const receivedCredentials = (text: string): readonly GuestMeaning[] => {
  const names = RECEIVED.exec(text)
    ?.groups?.["names"]?.split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("vmm."));
  return names === undefined || names.length === 0 ? [] : [{ kind: "credentials-received", names }];
};

/** The first thing that a Linux guest says: from here on the VMM has done its part. */
const GUEST_KERNEL =
  /^\s*\[\s*\d+\.\d+\]\s|^\s*Linux version \d|Welcome to .*NixOS|systemd\[1\]: (?:Hostname set|Reached target)/u;

const guestKernel = (text: string): readonly GuestMeaning[] =>
  GUEST_KERNEL.test(text) ? [{ kind: "guest-kernel" }] : [];
