import { describe, expect, it } from "vitest";
import { maskLoneValues } from "../../src/host/lone-values.ts";
import { mask } from "../../src/host/redaction.ts";

const letters = (count: number): string => "aB3dE5gH7jK9mN1pQ".repeat(8).slice(0, count);
const hex = (count: number): string => "0a1b2c3d4e5f6789".repeat(10).slice(0, count);
const capitals = (count: number): string => "QPZRY9X8GF2TVDW0".repeat(8).slice(0, count);

/** Put together here, so that no scanner takes this file for a leak. */
const TOKENS: Readonly<Record<string, string>> = {
  age: `AGE-SECRET-KEY-1${capitals(58)}`,
  "an age plugin": `AGE-PLUGIN-YUBIKEY-1${capitals(20)}`,
  GitHub: `ghs_${letters(36)}`,
  "GitHub, fine-grained": `github_pat_${letters(60)}`,
  GitLab: `glpat-${letters(20)}`,
  "a GitLab runner": `glrt-${letters(20)}`,
  Slack: `xoxb-${letters(30)}`,
  "a Slack hook": `https://hooks.slack.com/services/T0/B0/${letters(24)}`,
  Telegram: `123456789:AA${letters(33)}`,
  AWS: `AKIA${capitals(16)}`,
  Google: `AIza${letters(35)}`,
  "Google OAuth": `ya29.${letters(40)}`,
  DigitalOcean: `dop_v1_${hex(64)}`,
  Stripe: `sk_live_${letters(24)}`,
  "a Stripe hook": `whsec_${letters(32)}`,
  OpenAI: `sk-proj-${letters(40)}`,
  Anthropic: `sk-ant-api03-${letters(60)}`,
  "Hugging Face": `hf_${"abcdefgh".repeat(4)}`,
  npm: `npm_${letters(36)}`,
  PyPI: `pypi-AgEIcHlwaS5vcmc${letters(40)}`,
  Docker: `dckr_pat_${letters(27)}`,
  Vault: `hvs.${letters(24)}`,
  Terraform: `${letters(14)}.atlasv1.${letters(60)}`,
  Tailscale: `tskey-auth-${letters(20)}`,
  Grafana: `glsa_${letters(32)}_${hex(8)}`,
  Sentry: `sntrys_${letters(40)}`,
  SendGrid: `SG.${letters(22)}.${letters(43)}`,
  Databricks: `dapi${hex(32)}`,
  Cachix: `eyJhbGciOiJIUzI1NiJ9.${letters(20)}.${letters(20)}`,
  "a key block in base64": `LS0tLS1CRUdJTi${letters(60)}`,
  "crypt(5), SHA-512": `$6$rounds=5000$${letters(16)}$${letters(86)}`,
  "crypt(5), yescrypt": `$y$j9T$${letters(22)}$${letters(43)}`,
  argon2: `$argon2id$v=19$m=65536,t=3,p=4$${letters(22)}$${letters(43)}`,
};

describe("a token", () => {
  it.each(Object.entries(TOKENS))("of %s is known by its shape", (_, token) => {
    const last = token.slice(-12);
    for (const kind of ["line", "file"] as const) {
      const masked = mask(`said ${token} and went on`, kind);
      expect(masked).not.toContain(last);
      expect(masked).toMatch(/^said .*<masked, \d+ bytes>.* and went on$/u);
      expect(mask(masked, kind)).toBe(masked);
    }
  });

  it.each([
    "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-microvm-cloud-hypervisor-web",
    "sk-learn and task-runner-of-a-very-long-name",
    "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=",
    "0e4284a0caca4bfc81c0bb6786972673",
    "$1 and $2$3, ${x}$y",
  ])("is not what only looks a little like one: %s", (text) => {
    expect(mask(text)).toBe(text);
  });
});

describe("words of other forms that carry a secret", () => {
  it.each([
    "Authorization: Bearer hunter2hunter2",
    "authorization: Basic aHVudGVyMjpodW50ZXIy",
    'headers: {"Authorization": "Token hunter2hunter2"}',
    "sent bearer hunter2hunter2hunter2",
    "Set-Cookie: sid=hunter2; Path=/",
    "X-Api-Key: hunter2",
    "curl -u alice:hunter2 https://example.org",
    "machine example.org login alice password hunter2",
    "access-tokens = github.com=hunter2",
    "-object secret,id=s0,data=hunter2,format=raw",
    "-fw_cfg name=opt/org.example/key,string=hunter2",
    "-smbios type=11,value=KEY=hunter2",
    "--platform oem_strings=[first=hunter2,second=hunter2]",
    "password: hunter2",
    "PrivateKey=hunter2",
    "psk=hunter2",
    "AccountKey=hunter2",
  ])("are masked: %s", (text) => {
    expect(mask(text)).not.toMatch(/hunter2|aHVudGVy/u);
    expect(mask(mask(text))).toBe(mask(text));
  });

  it.each([
    "cat: /run/secrets/web/api-key: Permission denied",
    "sops-install-secrets: failed to decrypt 'a': Error getting data key: 0 successful groups",
    "pam_unix(sudo:auth): password check failed",
    "Failed to set up credentials: Protocol error",
    "-fw_cfg 'name=opt/io.systemd.credentials/a,file=/run/credentials/x/a'",
  ])("are told from words about them: %s", (text) => {
    expect(mask(text)).toBe(text);
  });
});

describe("a word of a message that stands for itself", () => {
  it.each([
    ["base64", Buffer.from(letters(32)).toString("base64")],
    ["a WireGuard key", `${letters(43)}=`],
    ["hex", hex(64)],
  ])("is masked where it looks drawn by lot: %s", (_, word) => {
    expect(maskLoneValues(`[   9.1] show[400]: ${word}`)).toMatch(
      /^\[ {3}9\.1\] show\[400\]: <hidden, \d+ bytes>$/u,
    );
  });

  it.each([
    "Started microvm@web.service after a very long time of waiting for its credentials.",
    "Main process exited, invocation 0e4284a0caca4bfc81c0bb6786972673",
    "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8 is the key's fingerprint",
    "got sha256-q1bpRHmiRyuxkGVNcwM7W3cvKPqPhFnJPqbHFZXJxhc= of it",
    "/nix/store/0123456789abcdfghijklmnpqrsvwxyz/aB3dE5gH7jK9mN1pQ",
  ])("stays otherwise: %s", (text) => {
    expect(maskLoneValues(text)).toBe(text);
  });
});
