import { describe, expect, it } from "vitest";
import { valueWords } from "../../src/collectors/output/values.ts";
import { mask } from "../../src/host/redaction.ts";

const SECRET = "hunter2hunter2";
const words = (line: string) => valueWords(mask(line));
const loggedIn = (line: string) =>
  words(line).flatMap((word) =>
    word.kind === "value-logged"
      ? [`${word.form} ${word.name ?? ""} ${word.bytes}`.replaceAll(/\s+/gu, " ")]
      : [],
  );
const passedIn = (line: string) =>
  words(line).flatMap((word) =>
    word.kind === "credential-argument" ? [`${word.name} ${word.bytes}`] : [],
  );

describe("what a line shows of values", () => {
  it.each([
    [`Invalid syntax: oem_strings=[io.systemd.credential:KEY=${SECRET}]`, ["credential KEY 14"]],
    [
      `InvalidSyntax("oem_strings=[io.systemd.credential:A=x,io.systemd.credential.binary:B=${SECRET}]")`,
      ["credential A 1", "credential B 14"],
    ],
    [`Kernel command line: systemd.set_credential=key:${SECRET} quiet`, ["credential key 14"]],
    [`-fw_cfg name=opt/io.systemd.credentials/k,string=${SECRET}`, ["credential k 14"]],
    [`export API_KEY=${SECRET}`, ["assignment API_KEY 14"]],
    [`{"api_key": "${SECRET}"}`, ["assignment api_key 14"]],
    [`run --token ${SECRET}`, ["assignment --token 14"]],
    [`-----BEGIN RSA PRIVATE KEY-----\n${SECRET}`, ["private-key 15"]],
    ["got ghp_0123456789abcdefghij0123456789abcdef", ["token 40"]],
  ])("a value: %s", (line, logged) => {
    expect(loggedIn(line)).toEqual(logged);
  });

  it.each([
    "LoadCredential=key:/run/secrets/key",
    "API_KEY = 44 bytes",
    "cat: /run/secrets/api-key: Permission denied",
    "oem_strings=[io.systemd.credential:A=$(cat /run/secrets/a)]",
    "oem_strings=[io.systemd.credential:vmm.notify_socket=vsock-stream:2:8888]",
    "Received regular credentials: API_KEY",
    "error: unexpected argument 'metadata' found",
    "API_KEY_FILE=/run/secrets/api-key",
  ])("none: %s", (line) => {
    expect(words(line)).toEqual([]);
  });

  it.each([
    ["--platform oem_strings=[io.systemd.credential:API_KEY=]", ["API_KEY 0"]],
    ["oem_strings=[io.systemd.credential:A=,io.systemd.credential:B=xy] --console", ["A 0", "B 2"]],
    ["'oem_strings=[io.systemd.credential.binary:A=]' --console null", ["A 0"]],
  ])("what the VMM was given: %s", (line, passed) => {
    expect(passedIn(line)).toEqual(passed);
  });
});
