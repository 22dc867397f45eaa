import { trailingRun } from "./closing.ts";
import { beginsWithExpansion, type TextKind } from "./credential-strings.ts";

/** A path, an expansion, a size or a switch says where a value is, how long, or whether there is one, not what it is. */
export const isHarmless = (value: string, kind: TextKind): boolean => {
  // What is masked in a path is no reason to take it for something else the next time.
  const inner = value
    .replace(/^["']/u, "")
    .replace(/["']$/u, "")
    .replaceAll(/<masked, \d+ bytes>/gu, "0");
  return (
    inner === "" ||
    beginsWithExpansion(inner, kind) ||
    isPath(inner) ||
    /^(?:[*x\u2022]{3,}|[[<(]?(?:redacted|hidden|masked|removed|filtered|sanitized|omitted)[\])>]?)[.,;]?$/iu.test(
      inner,
    ) ||
    /^(?:\(["'$)]?|\((?:null|none)\).*|\d{1,5}|yes|no|true|false|on|off|null|none)$/u.test(inner)
  );
};

const PUNCTUATION: ReadonlySet<string> = new Set(",;:.)]}");

/** A place by the roots of a file system or by names as people give them; base64 may begin with a slash too. */
export const isPath = (value: string): boolean =>
  /^(?:file:\/{0,2})?\/(?:(?:nix|run|etc|var|home|root|srv|tmp|dev|proc|sys|usr|opt|mnt|persist|boot)\/[^\s,]*|[a-z0-9._-]+(?:\/[a-z0-9._@$*{}-]*)*)$/u.test(
    value.slice(0, trailingRun(value, PUNCTUATION)),
  ) || /^https?:\/\/[^\s@/]*\/?$/u.test(value);
