import { describe, expect, it } from "vitest";
import { mask } from "../../src/host/redaction.ts";

const VALUE = "Tr0ub4dor-and-3x";

describe("what a message says of a secret in words", () => {
  it.each([
    `token is ${VALUE}`,
    `loaded secret ${VALUE}`,
    `password '${VALUE}' was refused`,
    `the passphrase ${VALUE} was wrong`,
    `API_KEY = ${VALUE}`,
    `JWT_SECRET: ${VALUE} (44 bytes)`,
    `vault_token=${VALUE}, ttl=3`,
    `using pin=${VALUE} for the slot`,
    `{"name":"api-key","value":"${VALUE}"}`,
    `DB_URL=postgres://me:${VALUE}@host/db`,
  ])("holds no value: %s", (message) => {
    const masked = mask(message);
    expect(masked).not.toContain(VALUE);
    expect(masked).toMatch(/<(?:masked|hidden), \d+ bytes>/u);
    expect(mask(masked)).toBe(masked);
  });

  it.each([
    "token-check: APP_TOKEN2 = 32 bytes",
    "API_KEY = 0 bytes, DB_PASSWORD = 0 bytes",
    "cat: /run/secrets/api-key: Permission denied",
    "api-key: 44 bytes",
    "secret api-key-2 was not found",
    "Failed to load credential db-password2: No such file or directory",
    "password: missing",
    "Main process exited, code=exited, status=203/EXEC",
    "hash mismatch, narHash=sha256-AbC123xyzAbC123xyz",
    "secret: /run/secrets/A1b2C3d4e5f6",
  ])("stays as it is: %s", (message) => {
    expect(mask(message)).toBe(message);
  });
});
