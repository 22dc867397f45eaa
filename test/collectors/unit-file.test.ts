import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  effectiveSetting,
  effectiveSettings,
  expandSpecifiers,
  parseCredentialSetting,
  parseUnitFile,
  splitWords,
  type UnitSetting,
  withoutSecretValue,
} from "../../src/collectors/unit-file.ts";
import { hostPath, unitName } from "../../src/vocabulary.ts";

const path = hostPath("/etc/systemd/system/microvm@.service");
const parse = (...lines: readonly string[]): readonly UnitSetting[] =>
  parseUnitFile(path, lines.join("\n"));
const parseService = (...lines: readonly string[]): readonly UnitSetting[] =>
  parse("[Service]", ...lines);
const quoted = (text: string): string => `"${text.replace(/["\\]/gu, "\\$&")}"`;
const short = (settings: readonly UnitSetting[]): readonly string[] =>
  settings.map(({ section, key, value, line }) => `${line} ${section} ${key}=${value}`);

describe("a unit file is read as systemd.syntax(7) says", () => {
  test("every assignment has its section, path and line", () => {
    const settings = parse("[Unit]", "Description=MicroVM", "", "[Service]", "User = microvm ");
    expect(settings).toEqual([
      { section: "Unit", key: "Description", value: "MicroVM", path, line: 2 },
      { section: "Service", key: "User", value: "microvm", path, line: 5 },
    ]);
  });

  test("comments are left out, and a backslash does not continue them", () => {
    expect(short(parseService("# User=a \\", "  ; User=b", "User=c#d"))).toEqual([
      "4 Service User=c#d",
    ]);
  });

  test("continued lines are joined with a space, the comments between them skipped", () => {
    const settings = parseService(
      "ExecStart=/bin/a \\",
      "  # why",
      "; and why",
      "  b\\",
      "c",
      "User=d",
    );
    expect(short(settings)).toEqual(["2 Service ExecStart=/bin/a    b c", "7 Service User=d"]);
  });

  test("an even number of backslashes continues nothing", () => {
    expect(short(parseService("ExecStart=a\\\\", "User=b"))).toEqual([
      "2 Service ExecStart=a\\\\",
      "3 Service User=b",
    ]);
  });

  test("a line that the end of the file cuts off counts", () => {
    expect(short(parseService("User=a \\"))).toEqual(["2 Service User=a"]);
  });

  test("a value may hold further equals signs and may be empty", () => {
    expect(short(parseService("ExecStart=/bin/a b=c", "User="))).toEqual([
      "2 Service ExecStart=/bin/a b=c",
      "3 Service User=",
    ]);
  });

  test("lines that are no assignment, or stand in no section, are ignored", () => {
    const settings = parse("User=a", "[Service]", "nonsense", "=b", "two words=c", "User=d");
    expect(short(settings)).toEqual(["6 Service User=d"]);
  });

  test("nothing counts behind a broken header, since systemd reads no further", () => {
    expect(short(parse("[Service]", "User=a", "[Install", "User=b"))).toEqual(["2 Service User=a"]);
  });

  test("a byte order mark and Windows line ends do no harm", () => {
    expect(short(parseUnitFile(path, "\uFEFF[Service]\r\nUser=a\r\nGroup=b\r\n"))).toEqual([
      "2 Service User=a",
      "3 Service Group=b",
    ]);
  });

  test("any text is parsed and nothing is thrown", () => {
    const pieces = fc.constantFrom(
      ..."[Service]|[|]|\n|\r|\\|=|#|;|%|\"|'|:|Environment=|SetCredential=|\\x|\\u00e4|\\UFFFFFFFF| |\0".split(
        "|",
      ),
    );
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(pieces).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const settings = parseUnitFile(path, `[Service]\n${text}`);
        expect(settings.every(({ line }) => line > 0)).toBe(true);
        expect(splitWords(text).length).toBeGreaterThanOrEqual(0);
        expect(typeof expandSpecifiers(text, unitName(text))).toBe("string");
        expect(typeof parseCredentialSetting(text).id).toBe("string");
      }),
      { numRuns: 1000 },
    );
  });
});

describe("what is in force", () => {
  const files = [
    parseService("LoadCredential=a:/run/a", "LoadCredential=b:/run/b", "User=microvm"),
    parseService("LoadCredential=", "LoadCredential=c:/run/c"),
    parseService("User=", "User=root", "Group="),
  ];

  test("an empty assignment resets what an earlier file listed", () => {
    expect(short(effectiveSettings(files, "Service", "LoadCredential"))).toEqual([
      "3 Service LoadCredential=c:/run/c",
    ]);
  });

  test("the last assignment wins", () => {
    expect(effectiveSetting(files, "Service", "User")?.value).toBe("root");
  });

  test("a setting that was reset or never made is undefined", () => {
    expect(effectiveSetting(files, "Service", "Group")).toBeUndefined();
    expect(effectiveSetting(files, "Service", "ExecStart")).toBeUndefined();
    expect(effectiveSetting(files, "Unit", "User")).toBeUndefined();
  });
});

describe("specifiers", () => {
  const unit = unitName(String.raw`microvm@test-vm\x2da\xc3\xa4.service`);

  test.for([
    ["%n", String.raw`microvm@test-vm\x2da\xc3\xa4.service`],
    ["%N", String.raw`microvm@test-vm\x2da\xc3\xa4`],
    ["%p", "microvm"],
    ["/var/lib/microvms/%i", String.raw`/var/lib/microvms/test-vm\x2da\xc3\xa4`],
    ["%I", "test/vm-aä"],
    ["100%% %%i", "100% %i"],
    ["%t/x:%S %C %L %E", "/run/x:/var/lib /var/cache /var/log /etc"],
    ["%d/key", String.raw`/run/credentials/microvm@test-vm\x2da\xc3\xa4.service/key`],
    ["%H/%m/%", "%H/%m/%"],
  ] as const)("%s", ([value, expanded]) => {
    expect(expandSpecifiers(value, unit)).toBe(expanded);
  });

  test("a unit without an instance has an empty one", () => {
    expect(expandSpecifiers("%p|%i|%N", unitName("sops-install.secrets.service"))).toBe(
      "sops-install.secrets||sops-install.secrets",
    );
  });
});

describe("words", () => {
  // Compared by hand with what systemd 252 made of the same ExecStart= (busctl get-property).
  test.for([
    ["a  b\tc", ["a", "b", "c"]],
    ["", []],
    [`"" ''`, ["", ""]],
    [`"c d"'e f'`, ["c de f"]],
    [`foo"bar baz"qux`, ["foobar bazqux"]],
    [`"q\\"q" 'it''s'`, [`q"q`, "its"]],
    [String.raw`a\x20b \x2d \s|\t|\\`, ["a b", "-", " |\t|\\"]],
    [String.raw`\303\244 "\xc3\xa4" \u00e4 \U0001f600`, ["ä", "ä", "ä", "😀"]],
    [String.raw`\q\zz \x00 \U00110000 \ud800`, ["\\q\\zz", "\\x00", "\\U00110000", "\\ud800"]],
    [`a "b c`, ["a", "b c"]],
    ["a\\", ["a\\"]],
  ] as const)("%j", ([value, words]) => {
    expect(splitWords(value)).toEqual(words);
  });
});

describe("a credential setting", () => {
  test.for([
    ["api-key:/run/secrets/api-key", { id: "api-key", source: "/run/secrets/api-key" }],
    ["api-key:/run/a:b", { id: "api-key", source: "/run/a:b" }],
    ["api-key:host-key", { id: "api-key", source: "host-key" }],
    ["api-key", { id: "api-key" }],
    ["api-key:", { id: "api-key" }],
  ] as const)("%s", ([value, setting]) => {
    expect(parseCredentialSetting(value)).toEqual(setting);
  });
});

describe("a secret value never leaves the parser", () => {
  test.for([
    ["SetCredential=api-key:hunter2", "api-key:<masked, 7 bytes>"],
    ["SetCredential=api-key:", "api-key:<masked, 0 bytes>"],
    ["SetCredential=", ""],
    [String.raw`SetCredential=key:a\x00\n\303\244 d`, "key:<masked, 7 bytes>"],
    ["SetCredential=hunter2", "<masked, 7 bytes>"],
    ["SetCredential=pass/word:hunter2", "<masked, 17 bytes>"],
    ["SetCredentialEncrypted=key: aHVudGVyMg==", "key:<masked, 7 bytes>"],
    ["setcredential=key:hunter2", "key:<masked, 7 bytes>"],
    ["Environment=KEY=hunter2", '"KEY=<masked, 7 bytes>"'],
    ["Environment='KEY=hunter 2' B=", '"KEY=<masked, 8 bytes>" "B=<masked, 0 bytes>"'],
    ["Environment=hunter2", '"<masked, 7 bytes>"'],
    ["StandardInputText=hunter2", "<masked, 7 bytes>"],
    ["StandardInputData=aHVudGVyMg==", "<masked, 7 bytes>"],
  ] as const)("%s", ([line, value]) => {
    expect(parseService(line).map((setting) => setting.value)).toEqual([value]);
  });

  test("names and paths of secrets are kept", () => {
    const lines = ["LoadCredential=a:/run/a", "EnvironmentFile=/run/b", "PassEnvironment=API_KEY"];
    expect(short(parseService(...lines))).toEqual(
      lines.map((line, index) => `${index + 2} Service ${line}`),
    );
  });

  test("masked words are still words", () => {
    const [setting] = parseService('Environment="KEY=hunter 2"');
    expect(splitWords(setting?.value ?? "")).toEqual(["KEY=<masked, 8 bytes>"]);
  });

  test("masking twice changes nothing", () => {
    const settings = parseService("SetCredential=a:b", "Environment=A=b c", "StandardInputText=a");
    expect(settings.map(withoutSecretValue)).toEqual(settings);
  });

  // "q" is in no key, name or mask, so that any part of the secret is told from the rest.
  const secretCharacters = ["q", "Q", "7", ":", "=", " ", "/", "%", "#", ";", '"', "'", "ä"];
  const secret = fc
    .string({ minLength: 3, unit: fc.constantFrom(...secretCharacters) })
    .map((text) => `qq${text}qq`);
  const forms = fc.constantFrom(
    (value: string) => `SetCredential=api-key:${value}`,
    (value: string) => `SetCredential=api-key:\\\n  ${value}\\\n# ${value}\n`,
    (value: string) => `SetCredentialEncrypted=api-key: \\\n ${value} \\\n ${value}`,
    (value: string) => `Environment=${quoted(`API_KEY=${value}`)} B=${quoted(value)}`,
    (value: string) => `Environment=A=1 \\\n ${quoted(`API_KEY=${value}`)}`,
    (value: string) => `# Environment=API_KEY=${value}`,
    (value: string) => `StandardInputText=${value}`,
  );

  test("no part of it is found in what the parser gives", () => {
    fc.assert(
      fc.property(secret, forms, (value, form) => {
        const settings = parse("[Service]", form(value), "User=microvm");
        expect(JSON.stringify(settings)).not.toMatch(/qq|QQ|7q|q7/u);
        expect(settings.at(-1)?.value).toBe("microvm");
      }),
      { numRuns: 500 },
    );
  });
});
