const PLACE = /\$\{canary:([^:}]+):(\d+)\}/gu;

/** A stand-in for a secret: of the right size, and easy to find wherever it must never turn up. */
export const canary = (name: string, size: number): string =>
  `CANARY-${name}-`.padEnd(size, "x").slice(0, size);

/** Puts stand-ins in the place of `${canary:NAME:SIZE}`: for texts where a real host, too, holds the secret. */
export const fillCanaries = (text: string): string =>
  text.replaceAll(PLACE, (_, name: string, size: string) => canary(name, Number(size)));

const MARK = "CANARY";

/** The mark as base64 writes it, for each of the three places in a group where it may begin: without the ends, which what stands beside it changes. */
const inBase64 = [0, 1, 2].map((before) =>
  Buffer.from(`${"-".repeat(before)}${MARK}`)
    .toString("base64")
    .replace(/=+$/u, "")
    .slice(before === 0 ? 0 : before + 1, before === 1 ? -1 : undefined),
);

const inHex = Buffer.from(MARK).toString("hex");
const FORMS = [
  new RegExp(MARK, "iu"),
  ...inBase64.map((form) => new RegExp(form.slice(0, 7), "u")),
  new RegExp(inHex, "iu"),
  new RegExp(inHex.replaceAll(/../gu, "%$&"), "iu"),
  new RegExp(inHex.replaceAll(/../gu, String.raw`\\x$&`), "iu"),
  // journalctl's and JSON's way to write bytes
  new RegExp([...Buffer.from(MARK)].join(String.raw`,\s*`), "u"),
  new RegExp(MARK.split("").toReversed().join(""), "iu"),
];

/** What stands around each stand-in in a text, plain or in base64, hex, a URL, bytes, or backwards; nothing where there is none. */
export const canariesIn = (text: string): readonly string[] =>
  FORMS.flatMap((form) => {
    const at = text.search(form);
    return at < 0 ? [] : [text.slice(Math.max(0, at - 80), at + 80)];
  });
