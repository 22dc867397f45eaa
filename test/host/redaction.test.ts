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
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const once = mask(parts.join(""));
        expect(mask(once)).toBe(once);
      }),
      { numRuns: 3000 },
    );
  });
});
