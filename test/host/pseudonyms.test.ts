import { REDACTABLE, type Redactable } from "../../src/vocabulary.ts";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  NO_PSEUDONYMS,
  parsePseudonymMap,
  pseudonymMapText,
} from "../../src/host/pseudonym-map.ts";
import { pseudonymise } from "../../src/host/pseudonyms.ts";
import { unpackBundle } from "../../src/host/bundle/unpack.ts";
import { emptyRecording, replayHost, type Recording } from "../../src/host/recording.ts";
import { diagnoseHost } from "../../src/requests/diagnose-hosts.ts";
import { allPages } from "../support/all-pages.ts";
import { parseReport } from "../support/report-json.ts";

const ALL: ReadonlySet<Redactable> = new Set(REDACTABLE);
const MACHINE = "4f2a6c1e9b7d4e0f8a3c5d6e7f809102";
const NOTHING = emptyRecording({ kind: "root", ownJournal: false, origin: "a recording" });

const entry = (message: string | readonly number[]): string =>
  JSON.stringify({
    MESSAGE: message,
    SYSLOG_IDENTIFIER: "sudo",
    _HOSTNAME: "kestrel",
    _MACHINE_ID: MACHINE,
  });

const file = { mode: 0o644, uid: 0, gid: 0, size: 1, mtime: 0, ctime: 0 };
const asRecording = (told: object): Recording => ({ ...NOTHING, ...told });

/** One of everything in which a name may stand. */
const RECORDED = asRecording({
  lstat: {
    "/home/frieda/infra-2025/flake.nix": { status: "present", value: { ...file, type: "file" } },
    "/etc/link": {
      status: "present",
      value: { ...file, type: "symlink", target: "/tank/frieda-stuff/secrets/api-token" },
    },
    "/home/frieda/link": {
      status: "present",
      value: { ...file, type: "symlink", target: "./infra-2025/../infra-2025/x_private" },
    },
    "/var/lib/microvms/frieda-vm": { status: "present", value: { ...file, type: "directory" } },
  },
  list: {
    "/home": { status: "present", value: ["frieda", "zoe"] },
    "/home/frieda": { status: "present", value: ["infra-2025", "link"] },
    "/var/lib/microvms": { status: "present", value: ["frieda-vm", "web"] },
  },
  text: {
    "/etc/hostname": { status: "present", value: "kestrel\n" },
    "/etc/machine-id": { status: "present", value: `${MACHINE}\n` },
    "/etc/passwd": {
      status: "present",
      value:
        "root:x:0:0::/root:/bin/sh\nmicrovm:x:993:100::/:/x\nfrieda:x:1000:100:Frieda:/home/frieda:/bin/zsh\nnixbld1:x:30001:1::/:/x\n",
    },
    "/etc/group": { status: "present", value: "kvm:x:100:frieda,microvm\nfrieda:x:1000:\n" },
    "/etc/systemd/system/a.service": {
      status: "present",
      value:
        "[Service]\nUser=frieda\nLoadCredential=api-token:/tank/frieda-stuff/secrets/api-token\n",
    },
  },
  commands: {
    "git -C /home/frieda/infra-2025 status": {
      program: "git",
      args: ["-C", "/home/frieda/infra-2025", "status"],
      milliseconds: 1,
      exitCode: 0,
      stderr: "fatal: in /home/frieda/infra-2025: no",
      stdout: "https://git.kestrel.example-corp.net/frieda/x\n",
    },
  },
  streams: {
    "journalctl --output=json --all": {
      program: "journalctl",
      args: ["--output=json", "--all"],
      milliseconds: 1,
      exitCode: 0,
      stderr: "",
      lines: [
        entry("  frieda : TTY=pts/0 ; PWD=/home/frieda/infra-2025 ; USER=root ; COMMAND=/bin/ls"),
        entry("ondra : TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/systemctl start microvm@web"),
        entry("first line\nfrieda on kestrel.example-corp.net says hi to kestrel"),
        entry([...Buffer.from("\u001B[1mfrieda\u001B[0m")]),
        entry("Started microvm@frieda-vm.service in boot 0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
      ],
    },
  },
});

const ORIGINALS =
  /(?<!-)\bfrieda\b(?!-vm)|zoe|ondra|kestrel|infra-2025|example-corp|x_private|4f2a6c1e/u;

describe("a recording with pseudonyms", () => {
  const { recorded, map } = pseudonymise(RECORDED, ALL, NO_PSEUDONYMS);
  const text = JSON.stringify(recorded);

  it("holds none of the names, wherever they stood", () => {
    expect(JSON.stringify(RECORDED)).toMatch(ORIGINALS);
    expect(text).not.toMatch(ORIGINALS);
    expect(Object.keys(map.users)).toEqual(["frieda", "ondra", "zoe"]);
    expect(Object.keys(map.hosts).toSorted()).toEqual([MACHINE, "example-corp.net", "kestrel"]);
  });

  it("gives one name everywhere, in paths, in their lists and in what programs said", () => {
    const [user, place] = [map.users["frieda"], map.paths["infra-2025"]];
    expect(Object.keys(recorded.lstat)).toContain(`/home/${user}/${place}/flake.nix`);
    expect(recorded.list["/home"]).toEqual({ status: "present", value: [user, map.users["zoe"]] });
    expect(recorded.list[`/home/${user}`]).toMatchObject({ value: ["link", place] });
    expect(Object.keys(recorded.commands)).toEqual([`git -C /home/${user}/${place} status`]);
    expect(recorded.lstat[`/home/${user}/link`]).toMatchObject({
      value: { target: `./${place}/../${place}/${map.paths["x_private"]}` },
    });
  });

  it("keeps what rules know: VMs, accounts of the system, directories, and what a secret is called", () => {
    for (const kept of [
      "microvm@frieda-vm.service",
      "/var/lib/microvms/frieda-vm",
      "microvm:x:993",
      "nixbld1",
      "LoadCredential=api-token:",
      "/secrets/api-token",
      "USER=root",
      "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    ])
      expect(text).toContain(kept);
  });

  it("changes no more when it is done again with its map", () => {
    const again = pseudonymise(recorded, ALL, map);
    expect(again.recorded).toEqual(recorded);
    expect(again.map).toEqual(map);
  });

  it("gives another recording the same names", () => {
    const other = asRecording({
      text: {
        "/etc/hostname": { status: "present", value: "merlin\n" },
        "/etc/passwd": { status: "present", value: "zoe:x:1001:1::/home/zoe:/bin/sh\n" },
      },
    });
    const second = pseudonymise(other, ALL, map);
    expect(second.map.users["zoe"]).toBe(map.users["zoe"]);
    expect(second.map.hosts["kestrel"]).toBe(map.hosts["kestrel"]);
    expect(second.map.hosts["merlin"]).not.toBe(map.hosts["kestrel"]);
    expect(JSON.stringify(second.recorded)).not.toMatch(/merlin|zoe/u);
  });

  it.each(REDACTABLE)("replaces only what was asked for: %s", (kind) => {
    const one = pseudonymise(RECORDED, new Set([kind]), NO_PSEUDONYMS);
    for (const other of REDACTABLE)
      expect(Object.keys(one.map[other]).length > 0).toBe(other === kind);
  });
});

describe("a map of pseudonyms", () => {
  const { map } = pseudonymise(RECORDED, ALL, NO_PSEUDONYMS);

  it("is read back from its file", () => {
    expect(parsePseudonymMap(pseudonymMapText(map))).toEqual(map);
  });

  it.each(["", "{}", "[]", '{"version":2,"hosts":{},"users":{},"paths":{}}', '{"version":1}'])(
    "is refused where it is none: %s",
    (text) => {
      expect(parsePseudonymMap(text)).toBeUndefined();
    },
  );
});

describe("the incident that is shipped", () => {
  const FILE = "fixtures/incidents/secret-never-loaded/evidence.mvb";
  const NOW = "2025-09-27 01:52:00";

  const shipped = async (): Promise<Recording> => {
    const unpacked = await unpackBundle(await readFile(FILE));
    if (unpacked.status !== "unpacked") throw new Error(unpacked.why);
    const [recorded] = unpacked.recordings;
    if (recorded === undefined) throw new Error("no host");
    return recorded;
  };

  it("gives the same report with pseudonyms, under other names", async () => {
    const whole = await shipped();
    const { recorded, map } = pseudonymise(whole, ALL, NO_PSEUDONYMS);
    const pages = await Promise.all(
      [whole, recorded].map((one) => allPages(replayHost(one), { now: NOW })),
    );
    const [before, after] = pages.map((page) => parseReport(page["diagnosis as json"] ?? ""));
    const essence = (report: typeof before) =>
      report?.vms.map(({ vm, status, rootCauses, everWorked, findings, stages, phases }) => ({
        vm,
        status,
        rootCauses,
        everWorked: everWorked.answer,
        findings: findings.map(({ id, role, severity, certainty }) => [
          id,
          role,
          severity,
          certainty,
        ]),
        stages,
        phases: phases.length,
      }));
    expect(essence(after)).toEqual(essence(before));
    expect(after?.complete).toBe(before?.complete);
    expect(Object.keys(map.users).length).toBeGreaterThan(0);
    const originals = [...Object.keys(map.hosts), ...Object.keys(map.users)];
    // The report is made of the recording and of words of its own, of which "operator" is one.
    const text = JSON.stringify(recorded);
    expect(originals.filter((name) => text.includes(name))).toEqual([]);
  });

  it("ends with the same status", async () => {
    const whole = await shipped();
    const { recorded } = pseudonymise(whole, ALL, NO_PSEUDONYMS);
    const answers = await Promise.all(
      [whole, recorded].map((one) =>
        diagnoseHost(replayHost(one), { source: {}, times: { now: NOW }, vms: [] }),
      ),
    );
    const severities = answers.map((answer) =>
      answer.status === "diagnosed" ? answer.severities : answer,
    );
    expect(severities[1]).toEqual(severities[0]);
  });
});
