import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { declaredSecrets, type DeclaredSecrets } from "../../src/collectors/declared-secrets.ts";
import { openHost } from "../../src/host/open-host.ts";
import { hostPath } from "../../src/vocabulary.ts";

const SYSTEM = "/nix/store/11111111111111111111111111111111-nixos-system-anvil-25.11";
const FLAKE = "/nix/store/22222222222222222222222222222222-source";
const AGE = "/nix/store/33333333333333333333333333333333-age-1.2.1/bin/age";

/** One secret as agenix's module writes it: the paths only in variables, the identities in a loop. */
const installs = (name: string, mode: string): string => `
_truePath="/run/agenix.d/$_agenix_generation/${name}"

echo "decrypting '${FLAKE}/secrets/${name}.age' to '$_truePath'..."
TMP_FILE="$_truePath.tmp"

IDENTITIES=()
for identity in /persist/etc/ssh/ssh_host_ed25519_key /persist/etc/ssh/ssh_host_rsa_key; do
  test -r "$identity" || continue
  IDENTITIES+=(-i)
  IDENTITIES+=("$identity")
done
(
  umask u=r,g=,o=
  LANG=C ${AGE} --decrypt "\${IDENTITIES[@]}" -o "$TMP_FILE" "${FLAKE}/secrets/${name}.age"
)
chmod ${mode} "$TMP_FILE"
mv -f "$TMP_FILE" "$_truePath"
`;

const chowns = (name: string, owner: string): string => `
_truePath="/run/agenix.d/$_agenix_generation/${name}"

chown ${owner} "$_truePath"
`;

const ACTIVATE = `#!/bin/sh
_agenix_generation="$(basename "$(readlink /run/agenix)" || echo 0)"
(( ++_agenix_generation ))
mkdir -p "/run/agenix.d/$_agenix_generation"
${installs("vpn-psk", "0440")}
[ "/srv/vpn/psk" != "/run/agenix/vpn-psk" ] && ln -sfT "/run/agenix/vpn-psk" "/srv/vpn/psk"
${installs("mail-relay", "0400")}
ln -sfT "/run/agenix.d/$_agenix_generation" /run/agenix
${chowns("vpn-psk", "microvm:kvm")}
${chowns("mail-relay", "0:0")}
`;

describe("what an activation script of agenix declares", () => {
  let root = "";
  let found: DeclaredSecrets;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "mvdoctor-declared-"));
    const write = async (path: string, text: string): Promise<void> => {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text, { mode: 0o644 });
    };
    await write(`${SYSTEM}/activate`, ACTIVATE);
    await write(`${FLAKE}/secrets/vpn-psk.age`, "age-encryption.org/v1\nstand-in one\n");
    await write(`${FLAKE}/secrets/mail-relay.age`, "age-encryption.org/v1\n");
    found = await declaredSecrets(openHost(root), hostPath(SYSTEM));
  });

  afterAll(() => rm(root, { recursive: true, force: true }));

  it("has each secret once, with what stands in blocks of its own far below", () => {
    expect(found.secrets).toHaveLength(2);
    expect(found.secrets[0]).toMatchObject({
      name: "vpn-psk",
      path: "/srv/vpn/psk",
      stored: "/run/agenix/vpn-psk",
      mode: 0o440,
      owner: "microvm",
      group: "kvm",
    });
    expect(found.secrets[1]).toMatchObject({ path: "/run/agenix/mail-relay", owner: "0" });
  });

  it("tells the encrypted files of one flake apart", () => {
    expect(found.secrets.map(({ ciphertext }) => ciphertext?.path)).toEqual([
      `${FLAKE}/secrets/vpn-psk.age`,
      `${FLAKE}/secrets/mail-relay.age`,
    ]);
    expect(found.secrets[1]?.ciphertext?.stat?.size).toBe(22);
  });

  it("knows the identities and the link of the generations", () => {
    expect(found.keys.map(({ path }) => path)).toEqual([
      "/persist/etc/ssh/ssh_host_ed25519_key",
      "/persist/etc/ssh/ssh_host_rsa_key",
    ]);
    expect(found.places).toEqual([
      { installer: "agenix", link: "/run/agenix", generations: "/run/agenix.d" },
    ]);
  });

  it("says whether it could look at all", async () => {
    expect(found.read).toBe(true);
    const nowhere = await declaredSecrets(openHost(root), hostPath("/nix/store/none"));
    expect(nowhere).toMatchObject({ secrets: [], read: false });
  });
});
