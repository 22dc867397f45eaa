import { isPath } from "./harmless-values.ts";
import { doubtful } from "./placeholder.ts";

/**
 * Masks what a message says of a secret in words: `API_KEY = x`, `JWT_SECRET: x (44 bytes)`, `password 'x' was refused`. A name in a
 * message is mostly followed by words, sizes and names of files, so that only what looks drawn by lot, or typed by somebody who was
 * told to use digits and signs, is taken for a value.
 */
export const maskSpokenValues = (message: string): string =>
  PATTERNS.reduce(
    (masked, { pattern, looksLikeOne }) =>
      masked.replace(pattern, (whole: string, before: string, value: string) =>
        looksLikeOne(value) && !isPath(value) ? `${before}${doubtful(value)}` : whole,
      ),
    message,
  );

const NAME = String.raw`[\w.-]{0,60}(?:secret|token|passw(?:or)?d|passphrase|(?:api|private|access)[_-]?key)[\w-]{0,60}`;
/** A whole word, which is no name of its own. */
const WORD = String.raw`[^\s"'<>(),;[\]{}]{6,}(?=$|[\s"'<>(),;[\]{}])(?![ \t]*[=:])`;

/** A digit or a sign, and not digits alone: `missing`, `2025`, `Permission` are none. */
const isTyped = (value: string): boolean =>
  /[\d+=!@#$%^&*~]|[a-z][A-Z]/u.test(value) && !/^[\d.:]+$/u.test(value);

/** Small and capital letters and digits, as in base64: names of secrets and units have one case. */
const isDrawn = (value: string): boolean =>
  value.length >= 10 && /[a-z]/u.test(value) && /[A-Z]/u.test(value) && /\d/u.test(value);

const PATTERNS: readonly {
  readonly pattern: RegExp;
  readonly looksLikeOne: (value: string) => boolean;
}[] = [
  {
    pattern: new RegExp(String.raw`((?<=^|[\s"'(,[{])${NAME}["']?(?: ?= |: ))(${WORD})`, "giu"),
    looksLikeOne: isTyped,
  },
  {
    pattern: new RegExp(
      String.raw`(\b(?:secret|token|password|passphrase|api key)(?: (?:is|was|value|of))? ["']?)(${WORD})`,
      "giu",
    ),
    looksLikeOne: isDrawn,
  },
  {
    pattern: new RegExp(String.raw`("value" ?: ?")((?!<)[^"\\\n]{8,})`, "gu"),
    looksLikeOne: isTyped,
  },
  // An assignment with a name in small letters, which may say anything else as well
  {
    pattern: new RegExp(
      String.raw`((?<=^|[\s"'(,[{])[a-z][\w.-]{0,60}=)(?!sha(?:1|256|512)[-:]|SHA256:)(${WORD})`,
      "gu",
    ),
    looksLikeOne: isDrawn,
  },
];
