import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectIdentity } from "../../src/collectors/identity.ts";
import { collectSecretFiles } from "../../src/collectors/secret-files.ts";
import { serviceSettings } from "../../src/collectors/service-settings.ts";
import { parseUnitFile } from "../../src/collectors/unit-file.ts";
import type { SecretFiles } from "../../src/evidence/secret-files.ts";
import { accessTo } from "../../src/facts/access.ts";
import { serviceReader } from "../../src/facts/readers.ts";
import { viewOf } from "../../src/facts/sandbox.ts";
import { openHost } from "../../src/host/open-host.ts";
import { hostPath, unitName } from "../../src/vocabulary.ts";
import { identity } from "../support/literals.ts";
import { bootSystemd, type OwnSystemd } from "../support/own-systemd.ts";
import { requireRoot, requireTools } from "../support/requirements.ts";

const canBoot = requireTools("unshare", "nsenter", "systemctl", "systemd-run") && requireRoot();

/** Files that everybody may read: only a sandbox, or the directory /run/secrets.d/locked, stands in the way. */
const FILES = [
  "/run/secrets.d/1/key",
  "/run/secrets.d/locked/key",
  "/srv/plain/key",
  "/srv/plain/deep/key",
  "/home/bob/key",
  "/run/user/7/key",
  "/tmp/key",
  "/dev/shm/key",
];
const PATHS = ["/run/secrets/key", "/srv/link/key", ...FILES];
const SET_UP = `
set -e
for file in passwd group; do cat /etc/$file > /run/$file; done
echo 'listed:x:60001:60001::/:/bin/sh' >> /run/passwd
echo 'first:x:60001:' >> /run/group
echo 'second:x:60002:other,listed' >> /run/group
for file in passwd group; do mount --bind /run/$file /etc/$file; done
mkdir -p /srv && mount -t tmpfs tmpfs /srv
mkdir -p /home && mount -t tmpfs tmpfs /home
mount -t tmpfs tmpfs /dev/shm 2>/dev/null || { mkdir -p /dev/shm && mount -t tmpfs tmpfs /dev/shm; }
mkdir -p /srv/jail
for file in ${FILES.join(" ")}; do mkdir -p "$(dirname "$file")"; echo content > "$file"; chmod 0444 "$file"; done
chmod 0700 /run/secrets.d/locked
chmod 0755 /run/user/7
ln -s /run/secrets.d/1 /run/secrets
ln -s plain/deep /srv/link
`;

/** What a shell and cat need in a root of their own. */
const SYSTEM = "/usr -/lib -/lib64 /bin";

const SETTINGS = [
  ["InaccessiblePaths=/run/secrets"],
  ["InaccessiblePaths=/run/secrets.d"],
  ["InaccessiblePaths=/srv/plain/key -/nowhere"],
  ["InaccessiblePaths=/srv"],
  ["TemporaryFileSystem=/srv:ro"],
  ["TemporaryFileSystem=/srv/plain"],
  ["TemporaryFileSystem=/run/secrets.d"],
  ["TemporaryFileSystem=/run/secrets"],
  ["TemporaryFileSystem=/:ro", `BindReadOnlyPaths=${SYSTEM}`],
  ["RootDirectory=/srv/jail", `BindReadOnlyPaths=${SYSTEM}`],
  ["BindReadOnlyPaths=/run/secrets"],
  ["BindReadOnlyPaths=/run/secrets/key"],
  ["BindReadOnlyPaths=/run/secrets.d/1"],
  ["BindPaths=/run/secrets.d/locked/key"],
  ["BindReadOnlyPaths=-/nowhere /srv/plain/deep"],
  ["BindReadOnlyPaths=/srv/plain"],
  ["BindReadOnlyPaths=/srv/link"],
  ["ProtectHome=yes"],
  ["ProtectHome=tmpfs"],
  ["ProtectHome=read-only"],
  ["BindReadOnlyPaths=/home/bob"],
  ["PrivateTmp=yes"],
  ["BindReadOnlyPaths=/tmp/key"],
  ["PrivateDevices=yes"],
  ["PrivateUsers=yes"],
  ["ProtectSystem=strict", "ReadOnlyPaths=/run /srv"],
  ["CapabilityBoundingSet=~CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH"],
  ["CapabilityBoundingSet="],
] as const;
const USERS = ["User=nobody", "User=root", "User=nobody\nAmbientCapabilities=CAP_DAC_READ_SEARCH"];
const RUNS = 100;

const sandbox = fc.record({
  user: fc.constantFrom(...USERS),
  settings: fc.uniqueArray(fc.constantFrom(...SETTINGS), { minLength: 0, maxLength: 3 }),
});

/** What a process of the service says of each path; `unknown` stands for what the model leaves open. */
type Answer = "content" | "empty" | "ENOENT" | "EACCES";

const READ_EACH = `for path; do
  if text=$(LC_ALL=C cat "$path" 2>&1); then echo "\${text:-empty}"; else
    case "$text" in *"Permission denied"*) echo EACCES;; *"No such file"*) echo ENOENT;; *) echo "$text";; esac
  fi
done`;

describe.skipIf(!canBoot)("the model of a service's sandbox", () => {
  let systemd: OwnSystemd | undefined;
  let files: SecretFiles | undefined;

  beforeAll(async () => {
    systemd = await bootSystemd();
    expect((await systemd.inside("bash", "-c", SET_UP)).stderr).toBe("");
    const host = openHost(`/proc/${systemd.leader}/root`);
    const found = await collectSecretFiles(host, PATHS.map(hostPath));
    if (found.status !== "collected") throw new Error(found.detail);
    files = found.value;
    const accounts = await collectIdentity(host, undefined);
    if (accounts.status !== "collected") throw new Error(accounts.detail);
    hostAccounts = accounts.value;
  });
  afterAll(async () => {
    await systemd?.stop();
  });

  const service = (text: string) => {
    const name = unitName("reader.service");
    const path = hostPath("/run/systemd/system/reader.service");
    return serviceSettings(name, [parseUnitFile(path, `[Service]\n${text}\n`)]);
  };
  let hostAccounts = identity;
  const nobody = { name: "nobody", uid: 65_534, gid: 65_534 };
  const accounts = { ...identity, users: new Map([["nobody", nobody]]), groups: new Map() };

  const predicted = (text: string, path: string): Answer | "unknown" => {
    const settings = service(text);
    const reader = serviceReader(settings, accounts);
    const walk = files?.walks.get(hostPath(path));
    if (files === undefined || walk === undefined || reader === undefined)
      throw new Error(`${path} was not walked`);
    const view = viewOf(settings, walk, { reader, files });
    if (view.status === "hidden") return view.error;
    if (view.status === "unknown") return "unknown";
    const access = accessTo(view.walk, reader, files);
    return access.status === "allowed"
      ? "content"
      : access.status === "denied"
        ? "EACCES"
        : "unknown";
  };

  const answered = async (text: string): Promise<readonly string[]> => {
    const properties = text.split("\n").flatMap((line) => ["-p", line]);
    const ended = await systemd?.inside(
      "systemd-run",
      "--quiet",
      "--wait",
      "--pipe",
      ...properties,
      "/bin/sh",
      "-c",
      READ_EACH,
      "sh",
      ...PATHS,
    );
    return ended?.stdout.split("\n") ?? [];
  };

  it("agrees with systemd and the kernel for random settings and users", async () => {
    const disagreements: string[] = [];
    const outcomes = new Map<string, number>();
    for (const { user, settings } of fc.sample(sandbox, { numRuns: RUNS, seed: 11 })) {
      const text = [user, ...settings.flat()].join("\n");
      const answers = await answered(text);
      // A bind into what is inaccessible can fail the start altogether; nothing was read then.
      if (answers.length !== PATHS.length) continue;
      for (const [index, path] of PATHS.entries()) {
        const model = predicted(text, path);
        outcomes.set(model, (outcomes.get(model) ?? 0) + 1);
        if (model !== answers[index] && model !== "unknown")
          disagreements.push(
            `${text.replaceAll("\n", " ")}: ${path} ${model}, not ${answers[index]}`,
          );
      }
    }
    expect(disagreements).toEqual([]);
    const { unknown = 0, ...known } = Object.fromEntries(outcomes);
    expect(new Set(Object.keys(known))).toEqual(new Set(["content", "empty", "ENOENT", "EACCES"]));
    // Only a root directory of the service's own, which the walks do not enter, leaves a question open.
    expect(unknown).toBeLessThan((RUNS * PATHS.length) / 10);
  }, 60_000);

  const IDENTITIES = [
    "",
    "User=root\nGroup=daemon",
    "User=nobody",
    "User=daemon\nGroup=tty",
    "User=nobody\nSupplementaryGroups=tty 60001",
    "User=listed",
    "User=listed\nGroup=tty",
    "User=60001\nGroup=5",
    "User=nobody\nAmbientCapabilities=CAP_NET_ADMIN CAP_DAC_READ_SEARCH",
    "User=nobody\nAmbientCapabilities=CAP_DAC_OVERRIDE\nAmbientCapabilities=~CAP_DAC_OVERRIDE",
    "User=nobody\nAmbientCapabilities=~CAP_DAC_OVERRIDE",
    "CapabilityBoundingSet=",
    "CapabilityBoundingSet=~CAP_DAC_OVERRIDE",
    "CapabilityBoundingSet=CAP_CHOWN\nCapabilityBoundingSet=CAP_DAC_OVERRIDE",
    "CapabilityBoundingSet=~CAP_CHOWN\nCapabilityBoundingSet=~CAP_DAC_READ_SEARCH",
  ] as const;

  it.each(IDENTITIES)(
    "gives a service the ids and capabilities that systemd gives it: %s",
    async (text) => {
      // A unit file: what systemd-run adds up differs from what a file does.
      const unit = `[Service]\nType=oneshot\nExecStart=/bin/cat /proc/self/status\nStandardOutput=truncate:/run/status\n${text}\n`;
      const ended = await systemd?.inside(
        "bash",
        "-c",
        `printf %s "$1" > /run/systemd/system/reader.service && systemctl daemon-reload && systemctl start reader.service && cat /run/status`,
        "bash",
        unit,
      );
      const status = new Map(
        (ended?.stdout ?? "").split("\n").map((one) => {
          const [key = "", ...values] = one.split(/:?\s+/u);
          return [key, values.filter(Boolean)] as const;
        }),
      );
      const effective = BigInt(`0x${status.get("CapEff")?.[0] ?? "0"}`);
      const reader = serviceReader(service(text), hostAccounts);
      expect(reader).toMatchObject({
        uid: Number(status.get("Uid")?.[1]),
        gid: Number(status.get("Gid")?.[1]),
        capabilities: new Set([
          ...((effective & 2n) > 0n ? ["CAP_DAC_OVERRIDE"] : []),
          ...((effective & 4n) > 0n ? ["CAP_DAC_READ_SEARCH"] : []),
        ]),
      });
      // The kernel keeps the group beside the list, systemd in it or not.
      const groups = [...(status.get("Groups") ?? []), status.get("Gid")?.[1]].map(Number);
      expect([...(reader?.groups ?? [])].toSorted((a, b) => a - b)).toEqual(
        [...new Set(groups)].toSorted((a, b) => a - b),
      );
    },
  );
});
