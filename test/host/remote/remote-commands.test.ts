import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withGeneratedParts } from "../../../src/dev/remote-docs.ts";
import { coveredNix, daemonNix } from "../../../src/host/nix-store.ts";
import { unpackBundle } from "../../../src/host/bundle/unpack.ts";
import { plannedHost } from "../../../src/host/planned-host.ts";
import { isRemoteCommand } from "../../../src/host/remote/listed-command.ts";
import { diagnoseHost } from "../../../src/requests/diagnose-hosts.ts";
import { REPOSITORY } from "../../support/run-node.ts";

const STORE_PATH = "/nix/store/00000000000000000000000000000001-microvm-qemu-demo-vm";
const READ = ["bs=4096", "count=1", "iflag=nofollow,nonblock,fullblock", "status=none"];

const LISTED: readonly (readonly string[])[] = [
  ["id", "-u"],
  ["ls", "-A", "-U", "-b", "-1", "--", "/srv/a b\n'c/"],
  ["dd", `if=${STORE_PATH}/bin/.microvm-run-wrapped`, ...READ],
  ["dd", "if=/etc/systemd/system/microvm@.service.d/a b.conf", ...READ],
  ["dd", "if=/var/lib/microvms/demo-vm/flake", ...READ],
  [
    "journalctl",
    "--no-pager",
    "--output=json",
    "--all",
    "--since=@0.000001",
    "UNIT=a b.service",
    "+",
    "_PID=1",
  ],
  daemonNix("nix-store", ["--query", "--referrers-closure", STORE_PATH]),
  coveredNix("nix", "/", ["path-info", "--json", STORE_PATH], true),
  coveredNix("nix-store", "/", ["--dump-db", STORE_PATH], false),
];

const NOT_LISTED: readonly (readonly string[])[] = [
  [],
  ["rm", "/etc/hostname"],
  ["sh", "-c", "id"],
  ["id", "-u", "root"],
  ["ls", "-A", "-U", "-b", "-1", "--", "/etc", "/var"],
  ["ls", "-A", "-U", "-b", "-1", "--", "-R"],
  ["stat", "--printf=%n", "--", "relative"],
  ["stat", "--printf=%n", "--", "/a\0b"],
  ["dd", "if=/etc/shadow", ...READ],
  ["dd", "if=/run/secrets/api-key", ...READ],
  ["dd", "if=/etc/systemd/system/../../shadow", ...READ],
  ["dd", "if=/nix/store/../../etc/shadow", ...READ],
  ["dd", `if=${STORE_PATH}/a`, ...READ, "of=/etc/passwd"],
  ["dd", `if=${STORE_PATH}/a\nof=/etc/passwd`, "of=/etc/passwd", ...READ.slice(1)],
  ["dd", `if=${STORE_PATH}/a`, "bs=4096", "count=1", "iflag=nonblock", "status=none"],
  ["journalctl", "--no-pager", "--vacuum-size=1"],
  ["journalctl", "--no-pager", "--output=json", "--file=/etc/shadow"],
  ["journalctl", "--no-pager", "--cursor-file=/etc/x"],
  ["systemctl", "--no-pager", "restart", "microvm@demo-vm.service"],
  ["systemctl", "--no-pager", "show", "--property=Environment", "sshd.service"],
  ["nix-store", "--version"],
  daemonNix("nix-store", ["--delete", STORE_PATH]),
  daemonNix("nix-store", ["--query", "--referrers-closure", "--profile", STORE_PATH]),
  daemonNix("nix", ["build", STORE_PATH]),
  coveredNix("nix-store", "/", ["--gc"], true),
  coveredNix("nix-store", "/mnt", ["--dump-db", STORE_PATH], true),
  ["unshare", "--mount", "sh", "-c", "id"],
];

describe("the commands for another host", () => {
  it.each(LISTED)("%s %s is one", (...argv) => {
    expect(isRemoteCommand(argv)).toBe(true);
  });

  it.each(NOT_LISTED)("%s %s %s %s %s is none", (...argv) => {
    expect(isRemoteCommand(argv)).toBe(false);
  });

  it("are all that a diagnosis of a live host asks first", async () => {
    const { host, plan } = plannedHost();
    await diagnoseHost(host, { source: {}, times: {}, vms: ["demo-vm"] });
    const asked = plan().commands.filter(({ program }) => program === "journalctl");
    expect(asked.length).toBeGreaterThan(6);
    const refused = asked.filter(
      ({ program, args }) => !isRemoteCommand([program, "--no-pager", ...args]),
    );
    expect(refused).toEqual([]);
  });

  it("are all that the bundle that is shipped was asked", async () => {
    const bundle = join(REPOSITORY, "fixtures/incidents/secret-never-loaded/evidence.mvb");
    const unpacked = await unpackBundle(await readFile(bundle));
    if (unpacked.status !== "unpacked") throw new Error(unpacked.why);
    const refused = unpacked.recordings
      .flatMap(({ commands, streams }) => [...Object.values(commands), ...Object.values(streams)])
      .filter(({ program, args }) => {
        if (program === "nix" || program === "nix-store")
          return !isRemoteCommand(daemonNix(program, args));
        return !isRemoteCommand([
          program,
          ...(program === "journalctl" ? ["--no-pager"] : []),
          ...args,
        ]);
      })
      // A journal that is being written is not verified.
      .filter(({ args }) => !args.includes("--verify"));
    expect(refused).toEqual([]);
  });

  it("stand in docs/remote-hosts.md as they are", async () => {
    const page = await readFile(join(REPOSITORY, "docs/remote-hosts.md"), "utf8");
    expect(page).toContain("timeout");
    expect(withGeneratedParts(page)).toBe(page);
  });
});
