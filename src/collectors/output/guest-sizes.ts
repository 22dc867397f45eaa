import type { GuestMeaning } from "../../evidence/output.ts";

const NAME = String.raw`(?<![\w./-])(?<name>[A-Za-z][\w.-]*)["'\u2019\u201D]?`;
const BYTES = String.raw`(?<bytes>\d{1,9})\s*(?:bytes?|B)\b`;

/** `API_KEY = 0 bytes`, `api-key: 44 bytes`: only names that a secret could have, since kernels count bytes too. */
const SIZE = new RegExp(String.raw`${NAME}\s*[=:]\s*${BYTES}`, "gu");
const SECRET_LIKE = /key|token|secret|passw|passphrase|cred|cert|jwt|auth|psk/iu;
/** `DB_LOGIN has 44 bytes`, `DB_LOGIN (44 bytes)`: of any name, for whoever knows which names are credentials. */
const TOLD = new RegExp(
  String.raw`${NAME}(?:\s*[,(]\s*|\s+(?:has|is|holds|contains|with|size|length)\s*(?:[=:]\s*)?)${BYTES}`,
  "gu",
);
/** `systemd-creds list`: name, how it is protected, size, path. */
const LISTED =
  /(?:^|\s)(?<name>[\w.@-]+)\s+(?:secure|weak|insecure)\s+(?<size>\d+(?:\.\d+)?)(?<unit>[BKMG])(?:\s|$)/u;
/** `wc -c FILE`, `stat -c '%n %s' FILE` of a file in a credentials directory. */
const BY_PATH =
  /(?:^|[\s:])(?<first>\d{1,9})\s+\/run\/credentials\/(?!microvm@)[^/\s]+\/(?<name>[\w.@-]+)(?=\s|$)|\/run\/credentials\/(?!microvm@)[^/\s]+\/(?<other>[\w.@-]+)["']?(?:\s*[:=]\s*|\s+)(?<last>\d{1,9})(?:\s*(?:bytes?|B))?\s*$/u;

const UNITS: Readonly<Record<string, number>> = { B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

type Size = Extract<GuestMeaning, { kind: "credential-size" | "named-size" }>;

/** What a guest says of how long its credentials are. */
export const credentialSizes = (text: string): readonly Size[] => {
  if (!/\d/u.test(text)) return [];
  const listed = LISTED.exec(text)?.groups;
  if (listed !== undefined) {
    const bytes = Math.round(Number(listed["size"]) * (UNITS[listed["unit"] ?? "B"] ?? 1));
    return sizeOf(listed["name"], bytes, { isThere: true });
  }
  const byPath = BY_PATH.exec(text)?.groups;
  if (byPath !== undefined)
    return sizeOf(byPath["name"] ?? byPath["other"], Number(byPath["first"] ?? byPath["last"]), {
      isThere: true,
    });
  return [
    ...[...text.matchAll(SIZE)].flatMap(({ groups }) =>
      sizeOf(groups?.["name"], Number(groups?.["bytes"])),
    ),
    ...[...text.matchAll(TOLD)].flatMap(({ groups }): Size[] =>
      groups?.["name"] === undefined
        ? []
        : [{ kind: "named-size", name: groups["name"], bytes: Number(groups["bytes"]) }],
    ),
  ];
};

const sizeOf = (
  name: string | undefined,
  bytes: number,
  more: { readonly isThere?: true } = {},
): readonly Size[] => {
  if (name === undefined || name.startsWith("vmm.")) return [];
  const kind = SECRET_LIKE.test(name) ? "credential-size" : "named-size";
  return [{ kind, name, bytes, ...more }];
};
