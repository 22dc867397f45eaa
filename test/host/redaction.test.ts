import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mask } from "../../src/host/redaction.ts";

const SECRET = "hunter2hunter2";

describe("mask", () => {
  it.each([
    `--platform 'oem_strings=[io.systemd.credential:API_KEY=${SECRET},x=y]'`,
    `io.systemd.credential.binary:DB=${SECRET}`,
    `-fw_cfg name=opt/io.systemd.credentials/API_KEY,string=${SECRET}`,
    `init=/sbin/init systemd.set_credential=db-password:${SECRET} quiet`,
    `export DB_PASSWORD=${SECRET}`,
    `API_KEY="${SECRET}"`,
    `curl --token ${SECRET} https://example.org`,
    `{"password": "${SECRET}"}`,
    `"url": "https://oauth2:${SECRET}@git.example.org/a/b"`,
    `-----BEGIN OPENSSH PRIVATE KEY-----\n${SECRET}\n-----END OPENSSH PRIVATE KEY-----`,
  ])("hides the value in %j", (text) => {
    expect(mask(text)).not.toContain(SECRET);
    expect(mask(text)).toMatch(/<masked, \d+ bytes>/u);
  });

  it.each([
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQ",
    "ghp_0123456789abcdefghij0123456789abcdef",
  ])("hides the token %s wherever it stands", (token) => {
    expect(mask(`fetched with ${token} just now`)).not.toContain(token);
  });

  it.each([
    "LoadCredential=host-api-key:/run/secrets/vars/demo/api-key",
    "API_KEY = 44 bytes, DB_PASSWORD = 0 bytes",
    "microvm@demo.service: Failed to set up credentials: Protocol error",
    "cat: /run/secrets/demo/api-key: Permission denied",
    'API_KEY="$(cat "$CREDENTIALS_DIRECTORY/api-key")"',
    "HOST_API_KEY=$HOST_API_KEY",
    "systemd.import_credentials=no is set",
    "CREDENTIALS_DIRECTORY=/run/credentials/microvm@demo.service",
    "io.systemd.credential:vmm.notify_socket=vsock-stream:2:8888",
    '"url": "ssh://git@git.example.org/a/b"',
  ])("leaves %j, which says where a value is and not what it is", (text) => {
    expect(mask(text)).toBe(text);
  });

  it("keeps the length, since a short value is a finding of its own", () => {
    expect(mask("TOKEN=abcd")).toBe("TOKEN=<masked, 4 bytes>");
  });

  const manyWords = fc.array(
    fc.string({
      unit: fc.constantFrom("k", "q", "w", "x", "z", "2", "7"),
      minLength: 9,
      maxLength: 12,
    }),
    {
      minLength: 1,
      maxLength: 4,
    },
  );
  /** A value of parts that nothing else in a line looks like, with these characters between them. */
  const valueWith = (...between: readonly string[]) =>
    fc
      .tuple(manyWords, fc.constantFrom(...between), fc.constantFrom("", ...between))
      .map(([words, separator, before]) => ({ words, text: `${before}Q${words.join(separator)}` }));
  const anything = [
    "",
    ",",
    "]",
    "[",
    '"',
    "'",
    " ",
    "=",
    ":",
    "/",
    "$",
    "]]",
    "}",
    ")",
    "\\",
    "+",
    "%",
    "\t",
  ];
  const inAWord = ["", ",", "]", "[", "=", ":", "/", "$", "}", ")", "+", "%", ";"];
  const quoted = ["", ",", "]", "[", " ", "=", ":", "/", ";", "'"];

  const LISTS: readonly ((value: string) => string)[] = [
    (v) => `--platform oem_strings=[io.systemd.credential:API_KEY=${v}]`,
    (v) =>
      `--platform 'oem_strings=[vmm=1,io.systemd.credential.binary:k=${v},io.systemd.credential:b=x]' --console null`,
    (v) =>
      `Invalid syntax: oem_strings=[io.systemd.credential:vmm.notify_socket=vsock-stream:2:8888,io.systemd.credential:my@key=${v}]`,
    (v) => `ParsePlatform(InvalidSyntax("oem_strings=[io.systemd.credential:a=${v}]"))`,
    (v) =>
      `error: invalid value 'oem_strings=[io.systemd.credential:a=${v}]' for '--platform <platform>'`,
    (v) => `io.systemd.credential:first=${v},io.systemd.credential:second=${v}`,
    (v) => `-smbios type=11,value=io.systemd.credential:a=${v}`,
    (v) => `-fw_cfg name=opt/io.systemd.credentials/a,string=${v}`,
    (v) =>
      `microvm@x: -fw_cfg name=opt/io.systemd.credentials/a,string=${v}: name too long (max. 55 char)`,
    (v) => `SetCredential=a:${v}`,
  ];
  it("lets no part of a value of an argument through, whatever stands in it", () => {
    fc.assert(
      fc.property(fc.constantFrom(...LISTS), valueWith(...anything), (form, { words, text }) => {
        const masked = mask(form(text));
        for (const word of words) expect(masked).not.toContain(word);
        expect(mask(masked)).toBe(masked);
      }),
      { numRuns: 4000 },
    );
  });

  it("lets no part of a list through that is cut in the middle", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...LISTS),
        valueWith(...anything),
        fc.nat(),
        (form, { words, text }, at) => {
          const whole = form(text);
          const cut = whole.slice(0, whole.indexOf("Q") + 1 + (at % text.length));
          const masked = mask(cut);
          for (const word of words) expect(masked).not.toContain(word);
        },
      ),
      { numRuns: 2000 },
    );
  });

  const WORDS: readonly ((value: string) => string)[] = [
    (v) => `systemd.set_credential=key:${v} quiet`,
    (v) => `Kernel command line: init=/init systemd.set_credential_binary=a.b:${v}`,
    (v) => `API_KEY=${v}`,
    (v) => `export DB_PASSWORD=${v} && run`,
    (v) => `--token ${v} --verbose`,
    (v) => `+ /bin/run --api-key=${v}`,
    (v) => `http://user:${v.replaceAll(/[/:=]/gu, "")}@host/`,
  ];
  it("lets no part of a value of an assignment through that has no space in it", () => {
    fc.assert(
      fc.property(fc.constantFrom(...WORDS), valueWith(...inAWord), (form, { words, text }) => {
        const masked = mask(form(`q${text}`));
        for (const word of words) expect(masked).not.toContain(word);
      }),
      { numRuns: 4000 },
    );
  });

  const QUOTES: readonly ((value: string) => string)[] = [
    (v) => `API_KEY="${v}" run`,
    (v) => `Environment="DB_PASSWORD=${v}"`,
    (v) => `{"api_key": "${v}", "user": "x"}`,
    (v) => `{\\"token\\":\\"${v.replaceAll("'", "")}\\"}`,
    (v) => `"systemd.set_credential=key:${v}" quiet`,
    (v) => `error: unexpected argument '${v.replaceAll("'", "")}' found`,
  ];
  it("lets no part of a quoted value through", () => {
    fc.assert(
      fc.property(fc.constantFrom(...QUOTES), valueWith(...quoted), (form, { words, text }) => {
        const masked = mask(form(`q${text}`));
        for (const word of words) expect(masked).not.toContain(word);
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    "$6$rounds=10$abcdefgh$QQQQQQQQ",
    "$y$j9T$abcdefgh$QQQQQQQQ",
    "$argon2id$v=19$m=1$QQQQQQQQ",
    "$2b$12$QQQQQQQQ",
  ])("takes the hash of a password for a value and not for a variable: %s", (hash) => {
    expect(
      mask(`oem_strings=[io.systemd.credential:passwd.hashed-password.root=${hash}]`),
    ).not.toContain("QQQQ");
    expect(mask(`ROOT_PASSWORD=${hash}`)).not.toContain("QQQQ");
  });

  it.each([
    ["no value", "--platform oem_strings=[io.systemd.credential:API_KEY=]"],
    [
      "no value, and more behind it",
      "--platform oem_strings=[io.systemd.credential:A=,io.systemd.credential:B=] --console null",
    ],
    ["a command that was never run", "oem_strings=[io.systemd.credential:A=$(cat /run/secrets/a)]"],
  ])("leaves a list with %s as it is", (_, text) => {
    expect(mask(text)).toBe(text);
  });

  it("keeps the rest of a script's line", () => {
    const line = `exec chv --platform 'oem_strings=[io.systemd.credential:A=${SECRET},b]' --fs tag=a,socket=b.sock`;
    expect(mask(line, "file")).toBe(
      `exec chv --platform 'oem_strings=[io.systemd.credential:A=<masked, ${SECRET.length + 2} bytes>]' --fs tag=a,socket=b.sock`,
    );
    const runtime =
      'X="oem_strings=[io.systemd.credential:A=$(cat "$D/a"),io.systemd.credential:B=$B]" y';
    expect(mask(runtime, "file")).toBe(runtime);
  });

  it("changes a masked text no more", () => {
    const pieces = fc.constantFrom(
      "API_KEY=",
      "io.systemd.credential:A=",
      "password",
      '"token": "',
      "--secret ",
      "eyJ",
      " ",
      ",",
      "]",
      "'",
      '"',
      "\n",
      "abc",
      "$X",
      "/run/x",
      "://",
      ":",
      "@",
      "44 bytes",
      "<masked, 3 bytes>",
      "export ",
      "env ",
      "Environment=",
      "HUE=",
      "a=b",
      "COMMAND=/x ",
      "oem_strings=[",
      "Bearer ",
      "#!/bin/sh\n",
      "(",
      "\\",
    );
    const kind = fc.constantFrom("line", "file");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), kind, (parts, of) => {
        const once = mask(parts.join(""), of);
        expect(mask(once, of)).toBe(once);
      }),
      {
        numRuns: 6000,
        examples: [
          [['"token": "', "/run/x", "io.systemd.credential:A=", ","], "line"],
          [["io.systemd.credential:A=", "abc"], "file"],
        ],
      },
    );
  });

  it.each([
    "authorization",
    "a-",
    "A=",
    "a.",
    "'",
    "export ",
    "--token",
    "oem_strings=[a=b,",
    "secret",
    "$5$",
    "://",
  ])("takes a time that grows with the text, of many %j", (piece) => {
    const text = `COMMAND=/x ${piece.repeat(48 * 1024).slice(0, 48 * 1024)}`;
    for (const kind of ["line", "file"] as const) {
      const begin = process.cpuUsage();
      mask(text, kind);
      // With the square of its length it took twenty seconds.
      expect(process.cpuUsage(begin).user / 1e6).toBeLessThan(2);
    }
  });

  it("knows its own placeholder where a word of the shell ends in the middle of it", () => {
    const once = mask("exec vmm io.systemd.credential:a=hunter22 --quiet", "file");
    expect(once).toBe("exec vmm io.systemd.credential:a=<masked, 8 bytes> --quiet");
    expect(mask(once, "file")).toBe(once);
  });

  it("masks every part of a value that QEMU names, not the last one alone", () => {
    const masked = mask(
      "-fw_cfg name=opt/io.systemd.credentials/a,string=b: Invalid parameter 'SECONDPART': Invalid parameter 'THIRDPART'",
    );
    expect(masked).not.toMatch(/SECONDPART|THIRDPART/u);
  });
});
