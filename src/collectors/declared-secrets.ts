import * as v from "valibot";
import type { DeclaredSecret, DecryptionKey, InstallerKind } from "../evidence/installation.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { Host } from "../host/host.ts";
import { hostPath, type HostPath } from "../vocabulary.ts";
import { readAgenixScript, type SecretPlace } from "./agenix-script.ts";
import { absentRef, fileRef } from "./path-walk.ts";

/** What a system's closure says that its installers of secrets are to do. */
export interface DeclaredSecrets {
  readonly secrets: readonly DeclaredSecret[];
  readonly keys: readonly Omit<DecryptionKey, "ref">[];
  /** Where the installers put them, by their own word. */
  readonly places: readonly (SecretPlace & { readonly installer: InstallerKind })[];
  /** The activation script, where it runs an installer. */
  readonly activation?: FileRef;
  /** The system's activation script or its units could be read: what they do not declare is not declared. */
  readonly read: boolean;
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
  /** Files that sops-nix writes around its secrets, below `rendered` of the same generation. */
  templates: v.fallback(
    v.array(
      v.looseObject({
        name: v.string(),
        path: v.string(),
        mode: v.optional(v.string()),
        owner: v.nullish(v.string()),
        group: v.nullish(v.string()),
      }),
    ),
    [],
  ),
  secretsMountPoint: v.nullish(v.string()),
  symlinkPath: v.nullish(v.string()),
  ageKeyFile: v.nullish(v.string()),
  ageSshKeyPaths: v.nullish(v.array(v.string())),
  sshKeyPaths: v.nullish(v.array(v.string())),
});

const MANIFEST = /\/nix\/store\/[0-9a-z]{32}-[\w+.?=-]*manifest[\w+.?=-]*\.json/gu;
/** Units that install secrets, as sops-nix, agenix and those who wrap them name theirs. */
const INSTALLER_UNIT = /(?:sops|agenix|ragenix|secrets).*\.service$/u;

/** Secrets that a system installs: by the script or unit of sops-nix with its manifest, and by agenix's snippets. */
export const declaredSecrets = async (
  host: Host,
  toplevel: HostPath,
  /** Where its units lie, in the order of importance. */
  unitDirectories: readonly HostPath[] = [hostPath(`${toplevel}/etc/systemd/system`)],
): Promise<DeclaredSecrets> => {
  const activate = hostPath(`${toplevel}/activate`);
  const [script, ...directories] = await Promise.all([
    withScripts(host, activate),
    ...unitDirectories.map((directory) => installerUnits(host, directory)),
  ]);
  const units = directories.find((one) => one !== undefined);
  const texts = [...script, ...(await Promise.all((units ?? []).map(withScriptsOf(host)))).flat()];
  const found = await Promise.all(texts.map((text) => declarationsIn(host, text)));
  const runsInstaller = script.find(({ text }) =>
    /sops-install-secrets|\[agenix\]|_agenix_generation/u.test(text),
  );
  return {
    secrets: await Promise.all(
      distinctBy(
        found.flatMap(({ secrets }) => secrets),
        ({ path }) => path,
      ).map((secret) => withCiphertext(host, secret)),
    ),
    keys: distinctBy(
      found.flatMap(({ keys }) => keys),
      ({ path }) => path,
    ),
    places: distinctBy(
      found.flatMap(({ places }) => places),
      ({ link }) => link,
    ),
    ...(runsInstaller === undefined ? {} : { activation: runsInstaller.ref }),
    read: script.length > 0 || units !== undefined,
  };
};

/** A secret's name, for a system of which only the names matter. */
type Declarations = Pick<DeclaredSecrets, "secrets" | "keys" | "places">;

const NOTHING: Declarations = { secrets: [], keys: [], places: [] };

const declarationsIn = async (host: Host, { path, text }: ScriptText): Promise<Declarations> => {
  const manifests = [...new Set(text.match(MANIFEST) ?? [])];
  const sops = await Promise.all(manifests.map((one) => readManifest(host, hostPath(one))));
  const agenix = readAgenixScript(path, text);
  return {
    secrets: [...sops.flatMap(({ secrets }) => secrets), ...agenix.secrets],
    keys: [...sops.flatMap(({ keys }) => keys), ...agenix.keys],
    places: [
      ...sops.flatMap(({ places }) => places),
      ...agenix.places.map((place) => ({ ...place, installer: "agenix" as const })),
    ],
  };
};

/** Units of a directory that install secrets; `undefined` where it could not be listed. */
const installerUnits = async (
  host: Host,
  directory: HostPath,
): Promise<readonly HostPath[] | undefined> => {
  const names = await host.list(directory);
  return names.status === "present"
    ? names.value
        .filter((name) => INSTALLER_UNIT.test(name))
        .map((name) => hostPath(`${directory}/${name}`))
    : undefined;
};

interface ScriptText {
  readonly path: HostPath;
  readonly text: string;
  readonly ref: FileRef;
}

const withScriptsOf =
  (host: Host) =>
  (path: HostPath): Promise<readonly ScriptText[]> =>
    withScripts(host, path);

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

const readManifest = async (host: Host, path: HostPath): Promise<Declarations> => {
  const text = await host.readText(path);
  if (text.status !== "present") return NOTHING;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), manifest), text.value);
  if (!parsed.success) return NOTHING;
  const { secrets, templates, symlinkPath, secretsMountPoint, ...keys } = parsed.output;
  const link = symlinkPath?.startsWith("/") ? symlinkPath : "/run/secrets";
  const ref: FileRef = { kind: "file", path };
  const declared = [
    ...secrets.map(({ sopsFile, ...file }) => ({ ...file, sopsFile, stored: file.name })),
    ...templates.map((file) => ({ ...file, sopsFile: undefined, stored: `rendered/${file.name}` })),
  ];
  return {
    secrets: declared.flatMap((file): readonly DeclaredSecret[] =>
      file.path.startsWith("/")
        ? [
            {
              installer: "sops-nix",
              name: file.name,
              path: hostPath(file.path),
              stored: hostPath(`${link}/${file.stored}`),
              ref: { ...ref, text: file.name },
              ...modeOf(file.mode),
              ...(file.owner == null ? {} : { owner: file.owner }),
              ...(file.group == null ? {} : { group: file.group }),
              ...(file.sopsFile?.startsWith("/")
                ? { ciphertext: { kind: "file", path: hostPath(file.sopsFile) } }
                : {}),
            },
          ]
        : [],
    ),
    keys: [keys.ageKeyFile, ...(keys.ageSshKeyPaths ?? []), ...(keys.sshKeyPaths ?? [])].flatMap(
      (key) =>
        key?.startsWith("/")
          ? [{ path: hostPath(key), installer: "sops-nix" as const, declaredIn: ref }]
          : [],
    ),
    places: [
      {
        installer: "sops-nix",
        link: hostPath(link),
        generations: hostPath(secretsMountPoint?.startsWith("/") ? secretsMountPoint : `${link}.d`),
      },
    ],
  };
};

const modeOf = (mode: string | undefined): Pick<DeclaredSecret, "mode"> =>
  mode !== undefined && /^0?[0-7]{3,4}$/u.test(mode) ? { mode: Number.parseInt(mode, 8) } : {};

const withCiphertext = async (host: Host, secret: DeclaredSecret): Promise<DeclaredSecret> => {
  if (secret.ciphertext === undefined) return secret;
  const { path } = secret.ciphertext;
  const stat = await host.lstat(path);
  return stat.status === "present" ? { ...secret, ciphertext: fileRef(path, stat.value) } : secret;
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

/** The first of each. */
const distinctBy = <T>(values: readonly T[], key: (value: T) => string): readonly T[] =>
  [...new Map(values.toReversed().map((value) => [key(value), value])).values()].toReversed();
