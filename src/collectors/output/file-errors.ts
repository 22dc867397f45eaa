import type { OutputMeaning } from "../../evidence/output.ts";
import { hostPath } from "../../vocabulary.ts";
import { isGuestLine } from "./guest-line.ts";

/**
 * `cat: PATH: Permission denied`, `line 9: PATH: No such file or directory`, QEMU's `Failed to open file "PATH": ...` with any quotes,
 * `cannot open 'PATH' for reading: ...` of coreutils and gawk, `Can't open "PATH" for reading, ...` of openssl.
 */
const FILE_ERROR =
  /(?<path>\/[^\s:"'`\u2018-\u201D]*[^\s:"'`\u2018-\u201D.,])["'`\u2018-\u201D]?(?:\s+for\s+(?:reading|input))?\s*[:,]\s*(?<reason>Permission denied|No such file)/giu;
/** Languages that name the path last: `Permission denied: '/run/x'`, `ENOENT: no such file or directory, open '/run/x'`. */
const ERRNO_FIRST =
  /(?<reason>Permission denied|No such file)(?: or directory)?(?:,\s*\w+|:)\s+["'`\u2018\u201C](?<path>\/[^\s"'`\u2018-\u201D]+)["'`\u2018-\u201D]/giu;
const PROGRAM = /^(?:\S+\[\d+\]: )?(?<program>[\w.+-]+):\s/u;
const CREDENTIAL_FILE =
  /\/run\/credentials\/(?!microvm@)[^/\s]+\/(?<name>[^\s:"']+)["']?\s*:\s*No such file/giu;

/** A shell in the guest to which $CREDENTIALS_DIRECTORY is empty looks for the credential at the root. */
const AT_THE_ROOT =
  /[\s"']\/(?<name>[\w.-]*(?:key|token|secret|passw|cred|jwt|psk)[\w.-]*)["']?\s*:\s*No such file/giu;

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
  const matches = [...text.matchAll(FILE_ERROR), ...text.matchAll(ERRNO_FIRST)];
  const errors = matches.flatMap(({ groups }): OutputMeaning[] => {
    const path = groups?.["path"];
    if (path === undefined) return [];
    const kind = /^Permission/iu.test(groups?.["reason"] ?? "")
      ? "permission-denied"
      : "no-such-file";
    return [{ kind, path: hostPath(path), ...(program === undefined ? {} : { program }) }];
  });
  return [...missing, ...errors];
};
