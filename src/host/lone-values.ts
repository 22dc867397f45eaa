import { isPath } from "./harmless-values.ts";
import { doubtful } from "./placeholder.ts";

/**
 * Masks words of a message that are long and look drawn by lot: base64 or hex of 40 characters and more, with nothing in front that
 * says what they are. Ids of systemd are shorter, hashes of Nix and fingerprints of ssh stand behind a prefix.
 */
export const maskLoneValues = (message: string): string =>
  message.replace(LONG_WORD, (word) => (isPath(word) ? word : doubtful(word)));

const LONG_WORD =
  /(?<=^|[\s"'])(?=[A-Za-z0-9+/]{40})(?:(?=\S{0,512}[a-z])(?=\S{0,512}[A-Z])(?=\S{0,512}\d)[A-Za-z0-9+/]{40,}={0,2}|[A-Za-z0-9+/]{43}=|[0-9a-f]{64,})(?=$|[\s"'.,;])/gu;
