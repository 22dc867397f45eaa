import { describe, expect, it } from "vitest";
import { readRunnerScript } from "../../src/collectors/runner-script.ts";
import { meaningsOf } from "../../src/collectors/output/meanings.ts";
import { rootCausesOf } from "../../src/diagnosis/causes.ts";
import type { UnweighedFinding } from "../../src/diagnosis/finding.ts";
import type { EvidenceMap } from "../../src/evidence/evidence.ts";
import type { Invocation } from "../../src/evidence/journal.ts";
import type { FileRef, FileStat } from "../../src/evidence/reference.ts";
import type { Hypervisor, Runner } from "../../src/evidence/runner.ts";
import { mask } from "../../src/host/redaction.ts";
import { hostPath, unitName } from "../../src/vocabulary.ts";
import { judged } from "../support/judged.ts";
import {
  credential,
  denied,
  directory,
  file,
  hostJournal,
  identity,
  line,
  link,
  moment,
  quietHost,
  runner,
  secretFiles,
  size,
  start,
  state,
  store,
  unit,
  vmJournal,
  walkTo,
} from "../support/literals.ts";

const KEY = "/run/secrets/demo/api-key";
const CHV = "exec -a microvm@demo-vm /nix/store/x/bin/cloud-hypervisor --cpus boot=1";
const QEMU =
  "exec -a microvm@demo-vm /nix/store/x/bin/qemu-system-x86_64 -M 'microvm,accel=kvm:tcg'";
const CREDENTIALS = "/run/credentials/microvm@demo-vm.service";

/** A runner as its text says, masked as it is read. */
const scripted = (hypervisor: Hypervisor, ...lines: readonly string[]): Runner => {
  const script = hostPath(store("microvm-demo-vm-microvm-run"));
  const text = ["#!/bin/bash", "set -eou pipefail", ...lines].join("\n");
  return runner({
    ...readRunnerScript(script, mask(text, "file")),
    hypervisor,
    directory: store(`microvm-${hypervisor}-demo-vm`),
  });
};

/** A VM with this runner in force, that systemd hands api-key. */
const host = (one: Runner, more: Partial<EvidenceMap> = {}): Partial<EvidenceMap> => ({
  identity,
  hostJournal: hostJournal(),
  vmJournal: vmJournal([start(10, { says: [{ kind: "guest-kernel" }] })]),
  state: state({
    current: link("current", one.directory ?? store("x")),
    booted: link("booted", one.directory ?? store("x")),
  }),
  runners: { current: one, booted: one },
  unit: unit({ credentials: [credential("api-key", KEY)] }),
  secretFiles: secretFiles(walkTo(KEY, { size: 40, mtime: moment(0) })),
  ...more,
});
const judge = (one: Runner, more: Partial<EvidenceMap> = {}): readonly UnweighedFinding[] =>
  judged(host(one, more));
const found = (one: Runner, id: string, more: Partial<EvidenceMap> = {}) =>
  judge(one, more).filter((finding) => finding.id === id);
const causes = (one: Runner, more: Partial<EvidenceMap> = {}) => rootCausesOf(judge(one, more));

/** Starts that each say this and fail. */
const failing = (...texts: readonly string[]): readonly Invocation[] =>
  [10, 17, 24, 31].map((at) => saying(at, texts, 1));
const saying = (at: number, texts: readonly string[], lives?: number): Invocation =>
  start(at, {
    ...(lives === undefined ? {} : { lives }),
    more: {
      lines: texts.map((text) => ({
        meanings: meaningsOf(mask(text)),
        ref: line(at, mask(text)),
      })),
    },
  });
const reporting = (...sizes: readonly (readonly [string, number])[]) =>
  vmJournal([start(10, { says: sizes.map(([name, bytes]) => size(name, bytes)) })]);

/** What systemd gave to the unit: one credential of so many bytes. */
const given = (name: string, ofSize: number): EvidenceMap["credentialStore"] => {
  const { given: nothing, ...rest } = quietHost.credentialStore;
  const ref = file(`${CREDENTIALS}/${name}`, { size: ofSize, mode: 0o440 });
  return { ...rest, given: { ...nothing, state: "present", credentials: [{ name, ref }] } };
};

const RUNTIME = [
  `API_KEY=$(tr -d '\\n' < "$CREDENTIALS_DIRECTORY/api-key")`,
  `${CHV} --platform "oem_strings=[io.systemd.credential:API_KEY=$API_KEY]"`,
];

describe("hypervisor/channel-unsupported", () => {
  const smbios = `-smbios "type=11,value=io.systemd.credential:API_KEY=$(cat $CREDENTIALS_DIRECTORY/api-key)"`;

  it("QEMU's machine microvm carries no SMBIOS strings, and the guest's silence follows from it", () => {
    const one = scripted("qemu", `${QEMU} ${smbios}`);
    const guest = vmJournal([
      start(10, { says: [{ kind: "credential-file-missing", name: "API_KEY" }] }),
    ]);
    expect(causes(one, { vmJournal: guest })[0]).toBe("hypervisor/channel-unsupported");
    expect(found(one, "hypervisor/channel-unsupported")[0]?.certainty).toBe("proven");
  });

  it("another machine of QEMU does", () => {
    const one = scripted("qemu", `${QEMU.replace("microvm,accel", "q35,accel")} ${smbios}`);
    expect(found(one, "hypervisor/channel-unsupported")).toEqual([]);
  });

  it("a UUID for machined is no channel for secrets", () => {
    const one = scripted("qemu", `${QEMU} -smbios type=1,uuid=5d6f`);
    expect(found(one, "hypervisor/channel-unsupported")).toEqual([]);
  });

  it.each([
    ["aarch64", 1],
    ["x86_64", 0],
    ["x86-64", 0],
    [undefined, 0],
  ])("cloud-hypervisor's OEM strings on %s", (architecture, count) => {
    const platform = {
      devices: {},
      hasDevices: false,
      ...(architecture === undefined ? {} : { architecture }),
    };
    const one = scripted("cloud-hypervisor", ...RUNTIME);
    expect(found(one, "hypervisor/channel-unsupported", { platform })).toHaveLength(count);
  });

  it("a second --platform is refused, and that the VMM does not start is no fault of its own", () => {
    const one = scripted(
      "cloud-hypervisor",
      RUNTIME[0] ?? "",
      `${CHV} --platform '' --memory size=1M --platform "oem_strings=[io.systemd.credential:API_KEY=$API_KEY]"`,
    );
    const refused = failing(
      "error: the argument '--platform <platform>' cannot be used multiple times",
    );
    const findings = judge(one, { vmJournal: vmJournal(refused) });
    expect(rootCausesOf(findings)).toEqual(["hypervisor/channel-unsupported"]);
    expect(
      findings.find(({ id }) => id === "hypervisor/argument-rejected")?.causedBy,
    ).toMatchObject([{ id: "hypervisor/channel-unsupported" }]);
  });

  it("a guest that reports the credential refutes it", () => {
    const one = scripted("qemu", `${QEMU} ${smbios}`);
    expect(
      found(one, "hypervisor/channel-unsupported", { vmJournal: reporting(["API_KEY", 40]) }),
    ).toEqual([]);
  });
});

describe("hypervisor/argument-rejected", () => {
  const plain = scripted("cloud-hypervisor", `${CHV} --platform ''`);

  it("an option that the VMM does not know keeps the VM down", () => {
    const starts = failing(
      "Arguments parsing error: Found argument 'metadata' which wasn't expected",
    );
    expect(causes(plain, { unit: unit(), vmJournal: vmJournal(starts) })[0]).toBe(
      "hypervisor/argument-rejected",
    );
  });

  it("a bracket in a value is told with what makes it, and with what was given away", () => {
    const starts = failing(
      "  0: Error parsing --platform",
      "  1: Invalid syntax: oem_strings=[io.systemd.credential:API_KEY=ab]cd]",
    );
    const findings = judge(scripted("cloud-hypervisor", ...RUNTIME), {
      vmJournal: vmJournal(starts),
    });
    expect(rootCausesOf(findings)).toEqual(["hypervisor/argument-rejected"]);
    const rejected = findings.find(({ id }) => id === "hypervisor/argument-rejected");
    expect(rejected?.explanation).toContain("bracket");
    expect(rejected?.remedies[0]?.snippet).toContain("credential.binary");
    expect(findings.find(({ id }) => id === "exposure/journal")?.role).toBe("risk");
    expect(JSON.stringify(findings)).not.toContain("ab]cd");
  });

  it("what a guest says of its own options is none of the VMM's", () => {
    const starts = [
      saying(10, ["[    2.1] mount[312]: unrecognized option '--bind'", "app: unknown option --x"]),
    ];
    const guest = starts.map((one) => ({
      ...one,
      lines: [
        { meanings: [{ kind: "guest-kernel" } as const], ref: line(9, "Linux") },
        ...one.lines,
      ],
    }));
    expect(found(plain, "hypervisor/argument-rejected", { vmJournal: vmJournal(guest) })).toEqual(
      [],
    );
  });

  it("a refusal that a later start got past is a note", () => {
    const past = [
      ...failing("error: unexpected argument '--metadata' found"),
      saying(300, ["Linux version 6.12"]),
    ];
    const [note] = found(plain, "hypervisor/argument-rejected", { vmJournal: vmJournal(past) });
    expect(note?.severity).toBe("info");
  });
});

describe("hypervisor/name-too-long", () => {
  const named = (name: string) =>
    scripted(
      "qemu",
      `${QEMU} -fw_cfg 'name=opt/io.systemd.credentials/${name},file=${CREDENTIALS}/api-key'`,
    );

  it("29 characters are one too many, 28 fit", () => {
    expect(found(named("k".repeat(29)), "hypervisor/name-too-long")).toHaveLength(1);
    expect(found(named("k".repeat(28)), "hypervisor/name-too-long")).toEqual([]);
  });

  it("is why QEMU ends, and the loop follows", () => {
    const name = "database-password-of-production";
    const starts = failing(
      `microvm@demo-vm: -fw_cfg name=opt/io.systemd.credentials/${name},file=${CREDENTIALS}/api-key: name too long (max. 55 char)`,
    );
    expect(causes(named(name), { vmJournal: vmJournal(starts) })).toEqual([
      "hypervisor/name-too-long",
    ]);
  });

  it("a long name in an OEM string has no such limit", () => {
    const one = scripted(
      "cloud-hypervisor",
      RUNTIME[0] ?? "",
      `${CHV} --platform "oem_strings=[io.systemd.credential:${"k".repeat(60)}=$API_KEY]"`,
    );
    expect(found(one, "hypervisor/name-too-long")).toEqual([]);
  });
});

describe("hypervisor/too-large", () => {
  const sized = (bytes: number) => ({ secretFiles: secretFiles(walkTo(KEY, { size: bytes })) });
  const chv = scripted("cloud-hypervisor", ...RUNTIME);

  it.each([
    [200_000, 1],
    [100_000, 0],
  ])("an OEM string of %i bytes", (bytes, count) => {
    expect(found(chv, "hypervisor/too-large", sized(bytes))).toHaveLength(count);
  });

  it("base64 makes a third more of it", () => {
    const binary = scripted(
      "cloud-hypervisor",
      `API_KEY=$(base64 --wrap=0 "$CREDENTIALS_DIRECTORY/api-key")`,
      `${CHV} --platform "oem_strings=[io.systemd.credential.binary:API_KEY=$API_KEY]"`,
    );
    expect(found(binary, "hypervisor/too-large", sized(100_000))).toHaveLength(1);
  });

  it("by file QEMU takes what an argument could not hold", () => {
    const byFile = scripted(
      "qemu",
      `${QEMU} -fw_cfg name=opt/io.systemd.credentials/API_KEY,file=${KEY}`,
    );
    const large = (bytes: number) => ({
      secretFiles: secretFiles(walkTo(KEY, { size: bytes, mode: 0o440, gid: 302 })),
    });
    expect(found(byFile, "hypervisor/too-large", large(200_000))).toEqual([]);
    expect(found(byFile, "hypervisor/too-large", large(2_000_000))).toHaveLength(1);
  });

  it("the kernel's word is enough where no size is known", () => {
    const starts = failing(
      "/nix/store/x-microvm-run: line 9: /nix/store/y/bin/cloud-hypervisor: Argument list too long",
    );
    const plain = scripted("cloud-hypervisor", `${CHV} --platform ''`);
    const findings = found(plain, "hypervisor/too-large", { vmJournal: vmJournal(starts) });
    expect(findings).toMatchObject([{ certainty: "proven", role: "root-cause" }]);
  });
});

describe("hypervisor/value-truncated", () => {
  const chv = scripted("cloud-hypervisor", ...RUNTIME);
  const guest = (bytes: number) => ({ vmJournal: reporting(["API_KEY", bytes]) });

  it("fewer bytes in the guest than on the host, in an OEM string", () => {
    expect(found(chv, "hypervisor/value-truncated", guest(17))).toMatchObject([
      { subject: { host: 40, guest: 17 }, certainty: "strong" },
    ]);
  });

  it.each([40, 39, 38])("%i of 40 bytes is the value without its line break", (bytes) => {
    expect(found(chv, "hypervisor/value-truncated", guest(bytes))).toEqual([]);
  });

  it("a file that was written after the start weakens it", () => {
    const newer = secretFiles(walkTo(KEY, { size: 40, mtime: moment(100) }));
    expect(
      found(chv, "hypervisor/value-truncated", { ...guest(17), secretFiles: newer }),
    ).toMatchObject([{ certainty: "weak" }]);
  });

  it.each([
    [40, 1],
    [17, 0],
  ])(
    "systemd's copy of %i bytes is what was passed on, whatever became of the file",
    (copied, count) => {
      const rewritten = {
        secretFiles: secretFiles(walkTo(KEY, { size: 99, mtime: moment(100) })),
        credentialStore: given("api-key", copied),
      };
      expect(found(chv, "hypervisor/value-truncated", { ...guest(17), ...rewritten })).toHaveLength(
        count,
      );
    },
  );

  it.each([
    ["as base64", [`API_KEY=$(base64 -w0 "$CREDENTIALS_DIRECTORY/api-key")`, "credential.binary"]],
    [
      "of which a program takes a part",
      [`API_KEY=$(jq -r .key "$CREDENTIALS_DIRECTORY/api-key")`, "credential"],
    ],
  ])("a value %s has a size of its own", (_, [read = "", key = ""]) => {
    const one = scripted(
      "cloud-hypervisor",
      read,
      `${CHV} --platform "oem_strings=[io.systemd.${key}:API_KEY=$API_KEY]"`,
    );
    expect(found(one, "hypervisor/value-truncated", guest(17))).toEqual([]);
  });

  it("QEMU does not cut at a comma", () => {
    const one = scripted(
      "qemu",
      `${QEMU} -fw_cfg name=opt/io.systemd.credentials/API_KEY,file=${CREDENTIALS}/api-key`,
    );
    expect(found(one, "hypervisor/value-truncated", guest(17))).toEqual([]);
  });
});

describe("hypervisor/not-expanded", () => {
  const literal = "$(cat /run/secrets/demo/api-key)";
  const quoted = scripted(
    "cloud-hypervisor",
    `${CHV} --platform 'oem_strings=[io.systemd.credential:API_KEY=${literal}]'`,
  );

  it("a command in single quotes is what the guest gets", () => {
    expect(causes(quoted)).toEqual(["hypervisor/not-expanded"]);
    const loaded = scripted(
      "cloud-hypervisor",
      `${CHV} --platform 'oem_strings=[io.systemd.credential:API_KEY=$(cat $CREDENTIALS_DIRECTORY/api-key)]'`,
    );
    expect(causes(loaded)).toEqual(["hypervisor/not-expanded"]);
    expect(found(quoted, "hypervisor/not-expanded")[0]?.certainty).toBe("strong");
  });

  it("and its size in the guest proves it", () => {
    const guest = { vmJournal: reporting(["API_KEY", literal.length]) };
    expect(found(quoted, "hypervisor/not-expanded", guest)[0]?.certainty).toBe("proven");
  });

  it("another size in the guest refutes it", () => {
    expect(
      found(quoted, "hypervisor/not-expanded", { vmJournal: reporting(["API_KEY", 40]) }),
    ).toEqual([]);
  });

  it("a file's name in single quotes is opened as it is written", () => {
    const one = scripted(
      "qemu",
      `${QEMU} -fw_cfg 'name=opt/io.systemd.credentials/API_KEY,file=$CREDENTIALS_DIRECTORY/api-key'`,
    );
    expect(causes(one)).toContain("hypervisor/not-expanded");
  });

  it("double quotes let the shell do it", () => {
    const one = scripted("cloud-hypervisor", ...RUNTIME);
    expect(found(one, "hypervisor/not-expanded")).toEqual([]);
  });
});

describe("hypervisor/empty-in-transit", () => {
  const joined = scripted(
    "qemu",
    `${QEMU} -fw_cfg 'name=opt/io.systemd.credentials/API_KEY,file=${CREDENTIALS}/api-key,name=opt/io.systemd.credentials/TOKEN,file=${CREDENTIALS}/token'`,
  );
  const both = unit({
    credentials: [credential("api-key", KEY), credential("token", "/run/secrets/demo/token")],
  });

  it("of credentials joined into one argument the first is lost, and its guest's silence follows", () => {
    const guest = vmJournal([
      start(10, {
        says: [size("TOKEN", 20), { kind: "credential-file-missing", name: "API_KEY" }],
      }),
    ]);
    const findings = judge(joined, { unit: both, vmJournal: guest });
    expect(rootCausesOf(findings)).toEqual(["hypervisor/empty-in-transit"]);
    expect(
      findings.find(({ id }) => id === "hypervisor/empty-in-transit")?.subject["credentials"],
    ).toBe("API_KEY");
  });

  it("a read that fails inside of the VMM's arguments leaves it nothing, and the mode of the file is why", () => {
    const one = scripted(
      "cloud-hypervisor",
      `${CHV} --platform "oem_strings=[io.systemd.credential:API_KEY=$(cat ${KEY})]"`,
    );
    const starts = [
      start(10, {
        more: {
          lines: [
            { meanings: [denied(KEY)], ref: line(10, `cat: ${KEY}: Permission denied`) },
            ...saying(10, [
              "started with --platform oem_strings=[io.systemd.credential:API_KEY=]",
              "Linux version 6.12.8",
            ]).lines,
          ],
        },
      }),
    ];
    const findings = judge(one, { unit: unit(), vmJournal: vmJournal(starts) });
    expect(rootCausesOf(findings)).toEqual(["access/file-mode"]);
    const roles = new Map(findings.map(({ id, role }) => [id, role]));
    expect(roles.get("runner/swallowed-read-error")).toBe("consequence");
    expect(roles.get("hypervisor/empty-in-transit")).toBe("consequence");
  });

  it("an empty source is empty before the VMM", () => {
    const starts = [saying(10, ["--platform oem_strings=[io.systemd.credential:API_KEY=] --x"])];
    const empty = secretFiles(walkTo(KEY, { size: 0 }));
    const one = scripted("cloud-hypervisor", ...RUNTIME);
    expect(
      found(one, "hypervisor/empty-in-transit", {
        vmJournal: vmJournal(starts),
        secretFiles: empty,
      }),
    ).toEqual([]);
    expect(
      found(one, "hypervisor/empty-in-transit", { vmJournal: vmJournal(starts) }),
    ).toHaveLength(1);
  });

  it("a variable that nothing sets, unless the unit does", () => {
    const one = scripted(
      "cloud-hypervisor",
      `${CHV} --platform "oem_strings=[io.systemd.credential:API_KEY=\${HOST_API_KEY:-}]"`,
    );
    expect(found(one, "hypervisor/empty-in-transit")).toHaveLength(1);
    const ref: FileRef = { kind: "file", path: hostPath("/etc/x.conf") };
    const set = unit({ environment: [{ value: "HOST_API_KEY", ref }] });
    expect(found(one, "hypervisor/empty-in-transit", { unit: set })).toEqual([]);
    const fromFile = unit({ environmentFiles: [{ value: "/run/env", ref }] });
    expect(found(one, "hypervisor/empty-in-transit", { unit: fromFile })).toEqual([]);
  });

  it("a credential under another id than the unit loads", () => {
    const one = scripted("cloud-hypervisor", ...RUNTIME);
    const other = unit({ credentials: [credential("host-api-key", KEY)] });
    expect(found(one, "hypervisor/empty-in-transit", { unit: other })).toMatchObject([
      { subject: { credentials: "api-key" } },
    ]);
    const directoryLoaded = unit({ credentials: [credential("api", "/run/secrets/demo")] });
    const loading = scripted(
      "cloud-hypervisor",
      `API_KEY=$(cat "$CREDENTIALS_DIRECTORY/api_key")`,
      RUNTIME[1] ?? "",
    );
    expect(found(loading, "hypervisor/empty-in-transit", { unit: directoryLoaded })).toEqual([]);
  });
});

describe("hypervisor/share-not-ready", () => {
  const share = (tag: string): Runner["channels"][number] => ({
    kind: "share",
    protocol: "virtiofs",
    tag,
    path: hostPath(`/srv/${tag}`),
    ref: { kind: "file", path: hostPath(`/nix/store/x/share/microvm/virtiofs/${tag}/source`) },
  });
  const sharing = (count: number) =>
    runner({
      hypervisor: "qemu",
      directory: store("microvm-qemu-demo-vm"),
      channels: Array.from({ length: count }, (_, index) => share(`s${index}`)),
    });
  const server = (at: number, more: Partial<Invocation> = {}): Invocation => ({
    ...start(at, { lives: 100, fails: false }),
    unit: unitName("microvm-virtiofsd@demo-vm.service"),
    ...more,
  });
  const refused =
    "microvm@demo-vm: -chardev socket,id=fs0,path=demo-virtiofs-s0.sock: Failed to connect to 'demo-virtiofs-s0.sock': Connection refused";
  const noServer: FileRef = {
    kind: "file",
    path: hostPath("/var/lib/microvms/demo-vm/current/bin/virtiofsd-run"),
    absent: true,
  };
  const TEMPLATE: FileRef = {
    kind: "file",
    path: hostPath("/etc/systemd/system/microvm-virtiofsd@.service"),
  };
  const serving = (type?: string, command = "/var/lib/microvms/%i/current/bin/virtiofsd-run") =>
    unit({
      shareServer: {
        name: unitName("microvm-virtiofsd@demo-vm.service"),
        user: undefined,
        group: undefined,
        supplementaryGroups: [],
        execStart: [{ value: command, ref: TEMPLATE }],
        sandbox: [],
        ...(type === undefined ? {} : { type: { value: type, ref: TEMPLATE } }),
      },
    });

  it("a socket that refuses is what keeps the VM down", () => {
    const more = {
      unit: unit(),
      vmJournal: vmJournal(failing(refused), { helpers: [server(9)] }),
    };
    expect(causes(sharing(1), more)).toEqual(["hypervisor/share-not-ready"]);
  });

  it("the same words of a runner that shares nothing are about something else", () => {
    const one = runner({ directory: store("microvm-qemu-demo-vm") });
    const more = { vmJournal: vmJournal(failing(refused)) };
    expect(found(one, "hypervisor/share-not-ready", more)).toEqual([]);
  });

  it("an old runner without virtiofsd-run, on a host whose unit starts it from there", () => {
    const shares = { directories: [], server: noServer };
    const more = { ...quietHost, shares, unit: serving("notify") };
    expect(found(sharing(1), "hypervisor/share-not-ready", more)).toHaveLength(1);
    const older = { ...more, unit: serving("notify", "/nix/store/x-supervisord -c y") };
    expect(found(sharing(1), "hypervisor/share-not-ready", older)).toEqual([]);
    expect(found(sharing(0), "hypervisor/share-not-ready", more)).toEqual([]);
  });

  it("with more shares than supervisord keeps events the server never is ready", () => {
    const waiting: Invocation = {
      ...server(10),
      started: undefined,
      succeeded: undefined,
    } as never;
    const stuck = {
      ...quietHost,
      vmJournal: vmJournal([], {
        helpers: [{ ...waiting, exits: [], restart: undefined } as never],
      }),
    };
    expect(found(sharing(10), "hypervisor/share-not-ready", stuck)).toHaveLength(1);
    expect(found(sharing(9), "hypervisor/share-not-ready", stuck)).toEqual([]);
    const larger = {
      ...stuck,
      shares: { directories: [], eventBuffer: { events: 176, ref: TEMPLATE } },
    };
    expect(found(sharing(10), "hypervisor/share-not-ready", larger)).toEqual([]);
  });

  it("silent failures in lockstep with a server that does not say when it is ready are a weak guess", () => {
    const helpers = [9, 16, 23, 30].map((at) => server(at));
    const more = (type?: string) => ({
      unit: serving(type),
      vmJournal: vmJournal(failing(), { helpers }),
    });
    expect(found(sharing(1), "hypervisor/share-not-ready", more("simple"))).toMatchObject([
      { certainty: "weak" },
    ]);
    expect(found(sharing(1), "hypervisor/share-not-ready", more("notify"))).toEqual([]);
  });
});

describe("hypervisor/share-emptied", () => {
  const at = (path: string, stat: Partial<FileStat>): FileRef => ({
    kind: "file",
    path: hostPath(path),
    stat: directory(stat),
  });
  const shared = (source: string) => ({
    tag: "secrets",
    protocol: "virtiofs" as const,
    source: hostPath(source),
    ref: at("/nix/store/x/share/microvm/virtiofs/secrets/source", {}),
    walk: {
      ...walkTo("/run/secrets.d/4", directory()),
      components: [
        { path: hostPath("/run/secrets"), stat: directory({ type: "symlink" }) },
        { path: hostPath("/run/secrets.d/4"), stat: directory() },
      ],
    },
  });
  const installed = (made: number, ...older: readonly number[]) => ({
    ...quietHost.installation,
    roots: [
      {
        path: hostPath("/run/secrets"),
        installer: "sops-nix" as const,
        ref: at("/run/secrets", { type: "symlink" }),
        state: "linked" as const,
        current: 4,
        generations: [
          ...older.map((number) => ({ number, ref: at(`/run/secrets.d/${number}`, {}) })),
          { number: 4, ref: at("/run/secrets.d/4", { mtime: moment(made) }) },
        ],
        files: new Map(),
        unlisted: false,
      },
    ],
  });
  const server = { ...start(5), unit: unitName("microvm-virtiofsd@demo-vm.service") };
  const sharing = runner({ hypervisor: "qemu", directory: store("microvm-qemu-demo-vm") });
  const more = (
    source: string,
    installation: ReturnType<typeof installed>,
    helpers: readonly Invocation[] = [server],
  ): Partial<EvidenceMap> => ({
    ...quietHost,
    shares: { directories: [shared(source)] },
    installation,
    vmJournal: vmJournal([start(10, { says: [{ kind: "guest-kernel" }] })], { helpers }),
  });

  it("a generation that is newer than the server, with no older one left", () => {
    expect(
      found(sharing, "hypervisor/share-emptied", more("/run/secrets", installed(600))),
    ).toMatchObject([{ role: "root-cause", subject: { generation: 4 } }]);
  });

  it.each([
    ["the server is newer than the generation", "/run/secrets", installed(1)],
    ["the older generation is still there", "/run/secrets", installed(600, 3)],
    ["the source is no link of an installer", "/var/lib/vm-secrets", installed(600)],
  ])("not where %s", (_, source, installation) => {
    expect(found(sharing, "hypervisor/share-emptied", more(source, installation))).toEqual([]);
  });

  it("not where the journal has no start of the server", () => {
    expect(
      found(sharing, "hypervisor/share-emptied", more("/run/secrets", installed(600), [])),
    ).toEqual([]);
  });
});
