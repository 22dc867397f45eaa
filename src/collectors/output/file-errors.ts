import type { OutputMeaning } from "../../evidence/output.ts";
import { hostPath } from "../../vocabulary.ts";
import { isGuestLine } from "./guest-line.ts";

const PATH = String.raw`(?<path>\/[^\s:"'\u0060\u2018-\u201D]*[^\s:"'\u0060\u2018-\u201D.,!)])`;
const QUOTE = String.raw`["'\u0060\u2018-\u201D]?`;
const REASON = String.raw`(?<reason>Permission denied|No such file|EACCES\b|ENOENT\b)`;

const UP_TO_REASON = String.raw`${PATH}${QUOTE}(?: for (?:reading|input))?(?:\s*[:,]\s*|\s\()(?:\[Errno \d+\] )?`;

/**
 * From the reason on, and backwards from it: a text of many slashes and no reason is read once.
 * `cat: PATH: Permission denied`, `line 9: PATH: No such file or directory`, `head: cannot open 'PATH' for reading: ...`, Python's
 * `[Errno 13]`; and the other way round, as Python, Node and Rust have it: `Permission denied: 'PATH'`, `permission denied, open 'PATH'`.
 */
const FILE_ERRORS = [
  `${REASON}(?<=${UP_TO_REASON}(?:Permission denied|No such file|EACCES|ENOENT))`,
  `${REASON}(?: or directory)?(?: \\(os error \\d+\\))?[:,]? (?:(?:while |when )?(?:open|read|stat|access)(?:ing)? (?:of )?)?${QUOTE}${PATH}`,
].map((pattern) => new RegExp(pattern, "giu"));
const PROGRAM = /^(?:\S+\[\d+\]: )?(?<program>[\w.+-]+):\s/u;
const CREDENTIAL_FILE =
  /\/run\/credentials\/(?!microvm@)[^/\s]{1,256}\/(?<name>[^\s:"',]{1,256})["']?(?: for reading)?\s*[:,]\s*No such file/giu;

/** A shell in the guest to which $CREDENTIALS_DIRECTORY is empty looks for the credential at the root. */
const AT_THE_ROOT =
  /[\s"']\/(?<name>[\w.-]{0,128}(?:key|token|secret|passw|cred|jwt|psk)[\w.-]{0,128})["']?\s*:\s*No such file/giu;

/**
 * Files of the host that a program could not open; a missing file of a credentials directory is the guest's word on a credential, but
 * for the VM's own unit. Of other files a guest speaks on its console too: they are the guest's.
 */
export const fileErrors = (text: string): readonly OutputMeaning[] => {
  const program = PROGRAM.exec(text)?.groups?.["program"];
  const missing = [...text.matchAll(CREDENTIAL_FILE)].flatMap(({ groups }): OutputMeaning[] =>
    groups?.["name"] === undefined
      ? []
      : [{ kind: "credential-file-missing", name: groups["name"] }],
  );
  if (isGuestLine(text))
    return [
      ...missing,
      ...[...text.matchAll(AT_THE_ROOT)].flatMap(({ groups }): OutputMeaning[] =>
        groups?.["name"] === undefined
          ? []
          : [{ kind: "credential-file-missing", name: groups["name"] }],
      ),
    ];
  const errors = FILE_ERRORS.flatMap((pattern) => [...text.matchAll(pattern)]).flatMap(
    ({ groups }): OutputMeaning[] => {
      const path = groups?.["path"];
      if (path === undefined) return [];
      const kind = /^(?:Permission|EACCES)/iu.test(groups?.["reason"] ?? "")
        ? "permission-denied"
        : "no-such-file";
      return [{ kind, path: hostPath(path), ...(program === undefined ? {} : { program }) }];
    },
  );
  return [...missing, ...errors];
};
