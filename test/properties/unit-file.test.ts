import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  effectiveSettings,
  expandSpecifiers,
  parseCredentialSetting,
  parseUnitFile,
  splitWords,
  type UnitSetting,
} from "../../src/collectors/unit-file.ts";
import { hostPath, unitName } from "../../src/vocabulary.ts";

const PATH = hostPath("/etc/systemd/system/microvm@.service");

/** Text of any bytes, and text that looks like a unit file and is broken somewhere. */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("utf8")),
  fc
    .array(
      fc.constantFrom(
        "[Service]",
        "[",
        "]",
        "\n",
        "\r",
        "\\",
        "=",
        "#",
        ";",
        "%",
        '"',
        "'",
        ":",
        " ",
        "\0",
        "Environment=",
        "SetCredential=",
        "\\x",
        "\\xc3",
        "\\u00e4",
        "\\UFFFFFFFF",
        "%i",
        "\uFEFF",
      ),
    )
    .map((pieces) => pieces.join("")),
);

describe("whatever is in a unit file", () => {
  it("is read to its end without a failure, each setting by its line", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const lines = `[Service]\n${text}`.split(/\r\n|[\n\r]/u).length;
        for (const { section, key, line } of parseUnitFile(PATH, `[Service]\n${text}`)) {
          expect(line).toBeGreaterThan(0);
          expect(line).toBeLessThanOrEqual(lines);
          expect(section).not.toMatch(/[\n\r]/u);
          expect(key).toMatch(/^[A-Za-z][A-Za-z0-9-]*$/u);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it("leaves specifiers, words and credentials readable", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(splitWords(text).join("")).not.toContain("\uFFFE");
        expect(typeof expandSpecifiers(text, unitName(text))).toBe("string");
        const { id, source } = parseCredentialSetting(text);
        // Nothing of the setting is lost but a colon that nothing follows.
        const kept = source === undefined ? id : `${id}:${source}`;
        expect([kept, `${kept}:`]).toContain(text);
      }),
      { numRuns: 1500 },
    );
  });
});

const blank = fc.constantFrom(" ", "\t", "  ", " \t ");
const value = fc
  .string({ unit: fc.constantFrom(..."abz09 =:;#/%$\"'é😀[]".split("")), maxLength: 12 })
  .map((text) => text.trim());
const assignment = fc.record({
  section: fc.constantFrom("Unit", "Service", "X-Own"),
  key: fc.constantFrom("User", "ExecStart", "LoadCredential", "X-RestartIfChanged"),
  value,
  around: fc.tuple(fc.constantFrom("", " ", "\t"), fc.constantFrom("", " ")),
  before: fc.constantFrom("", "\n", "# a comment \\\n", "  ; another=one\n"),
  /** Where the value is broken into two lines, if it is. */
  broken: fc.option(fc.record({ at: fc.nat(12), comment: fc.boolean(), indent: blank })),
});

/** A value that goes on in another line, unless that line would be a comment. */
const written = (text: string, broken: { at: number; comment: boolean; indent: string } | null) =>
  broken === null || broken.at >= text.length || /^\s*[#;]/u.test(text.slice(broken.at))
    ? { text, meant: text }
    : {
        text: `${text.slice(0, broken.at)}\\\n${broken.comment ? "# between\n" : ""}${broken.indent}${text.slice(broken.at)}`,
        meant: `${text.slice(0, broken.at)} ${broken.indent}${text.slice(broken.at)}`.trimStart(),
      };

describe("a unit file that is written down", () => {
  it("is read as it was meant, whatever comments, blanks and continuations stand in it", () => {
    fc.assert(
      fc.property(fc.array(assignment), (all) => {
        const file = all.map((one) => {
          const { text, meant } = written(one.value, one.broken);
          const [left, right] = one.around;
          return {
            text: `[${one.section}]\n${one.before}${one.key}${left}=${right}${text}\n`,
            meant: { section: one.section, key: one.key, value: meant },
          };
        });
        const read = parseUnitFile(PATH, file.map(({ text }) => text).join(""));
        expect(
          read.map(({ section, key, value: found }) => ({ section, key, value: found })),
        ).toEqual(file.map(({ meant }) => meant));
      }),
      { numRuns: 500 },
    );
  });

  it("has in force what stands behind the last empty assignment", () => {
    const files = fc.array(fc.array(fc.constantFrom("", "a", "b"), { maxLength: 4 }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(files, (values) => {
        const settings = values.map((file) =>
          file.map((one): UnitSetting => ({
            section: "Service",
            key: "LoadCredential",
            value: one,
            path: PATH,
            line: 1,
          })),
        );
        let inForce: readonly string[] = [];
        for (const one of values.flat()) inForce = one === "" ? [] : [...inForce, one];
        expect(
          effectiveSettings(settings, "Service", "LoadCredential").map((one) => one.value),
        ).toEqual(inForce);
      }),
      { numRuns: 300 },
    );
  });
});

/** The escapes of systemd.syntax(7) that have a letter. */
const LETTERS: ReadonlyMap<string, string> = new Map([
  [" ", String.raw`\s`],
  ["\t", String.raw`\t`],
  ["\n", String.raw`\n`],
  ["\\", "\\\\"],
  ['"', '\\"'],
  ["'", "\\'"],
]);

/** Ways to write a word down. */
const WAYS: readonly ((word: string) => string)[] = [
  (word) => Array.from(word, (one) => LETTERS.get(one) ?? one).join(""),
  (word) => `"${Array.from(word, (one) => LETTERS.get(one) ?? one).join("")}"`,
  (word) => `"${word.replaceAll(/["\\]/gu, String.raw`\$&`)}"`,
  (word) => `'${word.replaceAll(/['\\]/gu, String.raw`\$&`)}'`,
  (word) =>
    [...Buffer.from(word)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(""),
  (word) => [...Buffer.from(word)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join(""),
  (word) =>
    Array.from(word, (one) => `\\U${one.codePointAt(0)?.toString(16).padStart(8, "0") ?? ""}`).join(
      "",
    ),
  (word) =>
    word.replaceAll(/[\s"'\\]/gu, (one) =>
      /["'\\]/u.test(one)
        ? `\\${one}`
        : `\\x${Buffer.from(one)
            .toString("hex")
            .replaceAll(/(?<=..)(?=(?:..)+$)/gu, "\\x")}`,
    ),
];

describe("words", () => {
  const word = fc
    .array(fc.constantFrom(..."ab09-_/:=%$.\"'\\ \t\n".split(""), "é", "😀", "ß"), {
      minLength: 1,
      maxLength: 8,
    })
    .map((characters) => characters.join(""));
  const quoted = fc.record({
    parts: fc.array(fc.tuple(word, fc.nat(WAYS.length - 1)), { minLength: 1, maxLength: 3 }),
    space: fc.constantFrom(" ", "\t", "  ", " \n "),
  });

  it("are split as they were joined, in every way of quoting and escaping, side by side too", () => {
    fc.assert(
      fc.property(fc.array(quoted), (words) => {
        const text = words
          .map(
            ({ parts, space }) =>
              parts.map(([one, way]) => WAYS[way]?.(one) ?? "").join("") + space,
          )
          .join("");
        expect(splitWords(text)).toEqual(
          words.map(({ parts }) => parts.map(([one]) => one).join("")),
        );
      }),
      { numRuns: 1500 },
    );
  });
});

describe("the masks", () => {
  const secret = fc
    .string({ unit: fc.constantFrom(..."QZ78".split("")), minLength: 4, maxLength: 24 })
    .map((text) => `QZ${text}78`);
  const key = fc.constantFrom(
    "SetCredential",
    "SetCredentialEncrypted",
    "Environment",
    "StandardInputText",
    "StandardInputData",
    "setcredential",
    "DefaultEnvironment",
    "ManagerEnvironment",
  );
  const shape = fc.constantFrom<(text: string) => string>(
    (text) => `id:${text}`,
    (text) => text,
    (text) => `NAME=${text}`,
    (text) => `"NAME=${text}"`,
    (text) => `A=b 'NAME=x ${text}'`,
    (text) => `id:"${text}`,
    (text) => `\\\n# in between\n  id:${text}`,
    (text) => `id:\\\n${text}\\\n${text}`,
  );
  const fileStart = fc.constantFrom(
    "[Service]\n",
    "[Service]\nUser=a\n[Broken\n[Service]\n",
    "\uFEFF[Service]\r\n",
  );

  it("let nothing of a value out, whatever stands around it", () => {
    fc.assert(
      fc.property(secret, key, shape, fileStart, (text, name, form, start) => {
        const read = parseUnitFile(PATH, `${start}${name}=${form(text)}\nUser=microvm\n`);
        expect(JSON.stringify(read)).not.toMatch(/QZ|78/u);
        // They hide the value and nothing else.
        expect(read.at(-1)).toMatchObject({ key: "User", value: "microvm" });
        expect(read.some((one) => one.key === name)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
