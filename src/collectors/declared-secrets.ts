import * as v from "valibot";
import type { DeclaredSecret, DecryptionKey, InstallerKind } from "../evidence/installation.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { Host } from "../host/host.ts";
import { hostPath, storePathOf, type HostPath } from "../vocabulary.ts";
import { absentRef, fileRef } from "./path-walk.ts";

/** What a system's closure says that its installers of secrets are to do. */
export interface DeclaredSecrets {
  readonly secrets: readonly DeclaredSecret[];
  readonly keys: readonly Omit<DecryptionKey, "ref">[];
  /** The activation script, where it runs an installer. */
  readonly activation?: FileRef;
}

/** `sops-install-secrets` takes a manifest (sops-nix modules/sops/manifest-for.nix at 56b2406): names and places, no values. */
const manifest = v.looseObject({
  secrets: v.fallback(
    v.array(
      v.looseObject({
        name: v.string(),
        path: v.string(),
        mode: v.optional(v.string()),
        owner: v.nullish(v.string()),
        group: v.nullish(v.string()),
        sopsFile: v.optional(v.string()),
      }),
    ),
    [],
  ),
  ageKeyFile: v.nullish(v.string()),
  ageSshKeyPaths: v.nullish(v.array(v.string())),
  sshKeyPaths: v.nullish(v.array(v.string())),
});

const MANIFEST = /\/nix\/store\/[0-9a-z]{32}-[\w+.?=-]*manifest[\w+.?=-]*\.json/gu;
const NOTHING: DeclaredSecrets = { secrets: [], keys: [] };

/** Secrets that a system installs: by the script or unit of sops-nix with its manifest, and by agenix's snippets. */
export const declaredSecrets = async (host: Host, toplevel: HostPath): Promise<DeclaredSecrets> => {
  const sources = [
    `${toplevel}/activate`,
    ...["sops-install-secrets", "agenix-install-secrets", "agenix"].map(
      (unit) => `${toplevel}/etc/systemd/system/${unit}.service`,
    ),
  ].map(hostPath);
  const texts = await Promise.all(sources.map((path) => withScripts(host, path)));
  const found = await Promise.all(
    texts.flat().map(async ({ path, text }) => {
      const manifests = [...new Set(text.match(MANIFEST) ?? [])];
      const sops = await Promise.all(manifests.map((one) => readManifest(host, hostPath(one))));
      return [...sops, agenixSnippets(path, text)];
    }),
  );
  const all = found.flat();
  const script = texts.flat().find(({ path }) => path === sources[0]);
  const runsInstaller =
    script !== undefined && /sops-install-secrets|\[agenix\]|_agenix_generation/u.test(script.text);
  return {
    secrets: distinctBy(
      all.flatMap(({ secrets }) => secrets),
      ({ path }) => path,
    ),
    keys: distinctBy(
      all.flatMap(({ keys }) => keys),
      ({ path }) => path,
    ),
    ...(runsInstaller ? { activation: script.ref } : {}),
  };
};

interface ScriptText {
  readonly path: HostPath;
  readonly text: string;
  readonly ref: FileRef;
}

/** A file and the scripts of the store that its ExecStart= names. */
const withScripts = async (host: Host, path: HostPath): Promise<readonly ScriptText[]> => {
  const [text, stat] = await Promise.all([host.readText(path), host.lstat(path)]);
  if (text.status !== "present" || stat.status !== "present") return [];
  const own = { path, text: text.value, ref: fileRef(path, stat.value) };
  const programs = [...text.value.matchAll(/^ExecStart=[-@:+!|]*(?<program>\/nix\/store\/\S+)/gmu)];
  const behind = await Promise.all(
    programs.map(async ({ groups }): Promise<readonly ScriptText[]> => {
      const program = hostPath(groups?.["program"] ?? "/");
      const script = await host.readText(program);
      return script.status === "present" && script.value.startsWith("#!")
        ? [{ path: program, text: script.value, ref: { kind: "file", path: program } }]
        : [];
    }),
  );
  return [own, ...behind.flat()];
};

const readManifest = async (host: Host, path: HostPath): Promise<DeclaredSecrets> => {
  const text = await host.readText(path);
  if (text.status !== "present") return NOTHING;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), manifest), text.value);
  if (!parsed.success) return NOTHING;
  const { secrets, ageKeyFile, ageSshKeyPaths, sshKeyPaths } = parsed.output;
  const ref: FileRef = { kind: "file", path };
  return {
    secrets: secrets.flatMap(({ name, path: at, mode, owner, group, sopsFile }) =>
      at.startsWith("/")
        ? [
            {
              ...declared("sops-nix", name, at, { ...ref, text: name }, sopsFile),
              ...(mode !== undefined && /^0?[0-7]{3,4}$/u.test(mode)
                ? { mode: Number.parseInt(mode, 8) }
                : {}),
              ...(owner === undefined || owner === null ? {} : { owner }),
              ...(group === undefined || group === null ? {} : { group }),
            },
          ]
        : [],
    ),
    keys: [...(ageKeyFile ? [ageKeyFile] : []), ...(ageSshKeyPaths ?? []), ...(sshKeyPaths ?? [])]
      .filter((key) => key.startsWith("/"))
      .map((key) => ({ path: hostPath(key), installer: "sops-nix", declaredIn: ref })),
  };
};

const declared = (
  installer: InstallerKind,
  name: string,
  path: string,
  ref: FileRef,
  ciphertext: string | undefined,
): DeclaredSecret => {
  const store = storePathOf(ciphertext ?? "");
  return {
    installer,
    name,
    path: hostPath(path),
    ref,
    ...(store === undefined ? {} : { ciphertext: store }),
  };
};

const TRUE_PATH = /_truePath="?(?<path>\/[^"\s]+?)"?\s*$/u;
const CIPHERTEXT = /-o\s+\S+\s+"?(?<file>\/nix\/store\/[^\s"]+)"?/u;
const CHOWN = /^\s*chown\s+(?<owner>[^\s:]+):(?<group>\S+)\s/u;
const CHMOD = /^\s*chmod\s+(?<mode>0?[0-7]{3,4})\s/u;
const IDENTITY = /IDENTITIES\+=\(-i\)?\s*"?(?<path>\/[^\s")]+)/u;

/**
 * agenix writes one block per secret into the activation script: where it goes, what it is decrypted from, its mode and owner
 * (agenix modules/age.nix at b027ee2). Generations are numbered; the path that others use goes through the link.
 */
const agenixSnippets = (path: HostPath, text: string): DeclaredSecrets => {
  const secrets: DeclaredSecret[] = [];
  const keys: Omit<DecryptionKey, "ref">[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const ref: FileRef = { kind: "file", path, line: index + 1, text: line.trim() };
    const key = IDENTITY.exec(line)?.groups?.["path"];
    if (key !== undefined) keys.push({ path: hostPath(key), installer: "agenix", declaredIn: ref });
    const target = TRUE_PATH.exec(line)?.groups?.["path"];
    if (target !== undefined) {
      const through = target.replace(/^(?<root>\/run\/\w+)\.d\/[^/]+\//u, "$<root>/");
      secrets.push(
        declared("agenix", through.slice(through.lastIndexOf("/") + 1), through, ref, undefined),
      );
      continue;
    }
    const last = secrets.at(-1);
    if (last === undefined) continue;
    const store = storePathOf(CIPHERTEXT.exec(line)?.groups?.["file"] ?? "");
    const owner = CHOWN.exec(line)?.groups;
    const mode = CHMOD.exec(line)?.groups?.["mode"];
    secrets[secrets.length - 1] = {
      ...last,
      ...(store === undefined ? {} : { ciphertext: store }),
      ...(owner?.["owner"] === undefined ? {} : { owner: owner["owner"] }),
      ...(owner?.["group"] === undefined ? {} : { group: owner["group"] }),
      ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) }),
    };
  }
  return { secrets, keys };
};

/** A key with its stat, or its absence. */
export const withStat = async (
  host: Host,
  key: Omit<DecryptionKey, "ref">,
): Promise<DecryptionKey> => {
  const stat = await host.lstat(key.path);
  return {
    ...key,
    ref:
      stat.status === "present"
        ? fileRef(key.path, stat.value)
        : stat.status === "absent"
          ? absentRef(key.path)
          : { kind: "file", path: key.path },
  };
};

const distinctBy = <T>(values: readonly T[], key: (value: T) => string): readonly T[] => [
  ...new Map(values.map((value) => [key(value), value])).values(),
];
