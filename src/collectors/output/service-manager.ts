import type { CredentialFault, SetupMeaning } from "../../evidence/output.ts";
import { isGuestLine } from "./guest-line.ts";

/** Sentences of systemd about one credential (src/shared/creds-util.c, tpm2-util.c; recordings of 252, 257 and 262), by the words that all versions share. */
const FAULTS: readonly { readonly why: CredentialFault; readonly pattern: RegExp }[] = [
  { why: "expired", pattern: /credential.{0,1000}time passed|credential.{0,1000}expired/iu },
  { why: "name", pattern: /credential name .{0,1000} does not match/iu },
  {
    why: "tpm",
    pattern:
      /\bTPM2?\b.{0,1000}(?:fail|not found|signature)|\bPCR\b.{0,1000}(?:signature|policy)|tpm2-pcr-signature/iu,
  },
  {
    why: "machine-id",
    pattern:
      /different machine ID|credentials? host key.{0,1000}(?:Package not installed|No medium)/iu,
  },
  { why: "key", pattern: /decryption failed|incorrect key|failed to decrypt/iu },
  { why: "size", pattern: /(?:plaintext|credential).{0,1000}(?:too (?:long|large)|larger than)/iu },
  {
    why: "format",
    pattern:
      /failed to (?:unbase64|decode)|not a valid credential|encryption format.{0,1000}(?:unknown|corrupt)|unknown encryption format|credential.{0,1000}(?:truncated|unsupported)/iu,
  },
];

/** What the child of systemd that sets a unit up says of a credential that it refuses; nothing for one that it skips. */
export const setupWords = (text: string): readonly SetupMeaning[] => {
  if (/\bskipping\b|using anyway|\bignoring\b/iu.test(text)) return [];
  const fault = FAULTS.find(({ pattern }) => pattern.test(text));
  return fault === undefined ? [] : [{ kind: "credential-refused", why: fault.why }];
};

/** bash(1), set -u: `NAME: unbound variable`; dash says `NAME: parameter not set`. */
const UNBOUND = /(?<![\w$])(?<name>[A-Za-z_]\w*): (?:unbound variable|parameter not set)/u;

export const unboundVariables = (text: string): readonly SetupMeaning[] => {
  const name = isGuestLine(text) ? undefined : UNBOUND.exec(text)?.groups?.["name"];
  return name === undefined ? [] : [{ kind: "unbound-variable", name }];
};
