import { describe, expect, it } from "vitest";
import { collectIdentity } from "../../src/collectors/identity.ts";
import { collectLiveUnit } from "../../src/collectors/live-unit.ts";
import { collectRegistrations } from "../../src/collectors/registrations.ts";
import { collectSecretFiles } from "../../src/collectors/secret-files.ts";
import { collectStateDirectory } from "../../src/collectors/state-directory.ts";
import { collectStore } from "../../src/collectors/store.ts";
import { collectUnit } from "../../src/collectors/unit.ts";
import { findVms } from "../../src/collectors/vms.ts";
import { valueOf } from "../../src/evidence/evidence.ts";
import type { CommandResult, Host, Lookup } from "../../src/host/host.ts";
import { plannedHost } from "../../src/host/planned-host.ts";
import { readHeaders } from "../../src/journal/headers.ts";
import { readBoots } from "../../src/journal/boots.ts";
import { hostPath, parseVmName, storePathOf, unitName, type VmName } from "../../src/vocabulary.ts";

const REFUSED = { status: "refused", reason: "it was interrupted" } as const;
const ABSENT = { status: "absent" } as const;
const VM = parseVmName("web") as VmName;

/** A host that answers every lookup in one way, and every program in another. */
const answering = (
  lookup: Lookup<never>,
  said: Partial<CommandResult> = {},
  kind: Host["kind"] = "root",
): Host => ({
  ...plannedHost().host,
  kind,
  lstat: async () => lookup,
  list: async () => lookup,
  readText: async () => lookup,
  run: async () => ({ exitCode: 0, stdout: "", stderr: "", ...said }),
});

describe("a host whose every lookup is refused", () => {
  const host = answering(REFUSED);

  it("is not said to have no unit", async () => {
    expect(await collectUnit(host, VM)).toMatchObject({
      status: "unavailable",
      reason: "timed-out",
      detail: expect.stringContaining("could not be looked at: it was interrupted"),
    });
    expect(await collectUnit(answering(ABSENT), VM)).toMatchObject({
      reason: "not-found",
      detail: expect.stringContaining("there is neither"),
    });
  });

  it("is not said to be nobody's", async () => {
    expect(await collectIdentity(host, undefined)).toMatchObject({
      reason: "failed",
      detail: "whose host this is could not be looked at: /etc/passwd: it was interrupted",
    });
  });

  it("may have accounts that are not among those that are known", async () => {
    const known = valueOf(await collectIdentity(host, { hostname: "kiln" }));
    expect(known?.unread).toEqual(["/etc/passwd", "/etc/group"]);
  });

  it("is not said to have no state directory", async () => {
    const root = hostPath("/var/lib/microvms");
    expect(await collectStateDirectory(host, root, VM, "none")).toMatchObject({
      reason: "failed",
      detail: "/var/lib/microvms/web could not be looked at: it was interrupted",
    });
  });

  it("may have VMs that nobody names", async () => {
    const { names, unreadable } = await findVms(host, hostPath("/var/lib/microvms"));
    expect(names).toEqual([]);
    expect(unreadable[0]).toBe("/var/lib/microvms could not be listed");
  });
});

describe("an answer of a program", () => {
  const OURS = [storePathOf(`/nix/store/${"a".repeat(32)}-microvm-qemu-web`)].flatMap(
    (path) => path ?? [],
  );
  const PAGE = "<!DOCTYPE html>\n<title>502 Bad Gateway</title>\n";

  it.each([
    ["a list of nothing", "[]"],
    ["other JSON", '{"error":{"code":404}}'],
  ])("of nix that is %s does not say that a path was never registered", async (_, stdout) => {
    expect(await collectRegistrations(answering(ABSENT, { stdout }), OURS)).toMatchObject({
      reason: "malformed",
      detail: expect.stringContaining("said nothing of"),
    });
  });

  it("of nix-store that is garbage says nothing of what is valid", async () => {
    const host: Host = {
      ...answering(ABSENT, { stdout: PAGE }),
      list: async () => ({ status: "present", value: [] }),
    };
    const store = valueOf(await collectStore(host, { guestNames: [], linked: OURS }));
    expect(store?.databaseProblem).toContain("in a form that is not known");
  });

  it("of getfacl without a file leaves the ACL of that file unknown", async () => {
    const stat = {
      type: "directory",
      mode: 0o755,
      uid: 0,
      gid: 0,
      size: 0,
      mtime: 0,
      ctime: 0,
    } as never;
    const host: Host = {
      ...answering(ABSENT, { exitCode: 1, stderr: "getfacl: it does not work today\n" }),
      lstat: async () => ({ status: "present", value: stat }),
    };
    expect(valueOf(await collectSecretFiles(host, [hostPath("/run/secrets")]))).toMatchObject({
      aclsRead: false,
      aclProblem: "getfacl: it does not work today",
    });
  });

  it.each([
    ["fails", { exitCode: 1, stderr: "Failed to connect to bus\n" }, "Failed to connect to bus"],
    ["is garbage", { stdout: PAGE }, "in a form that is not known"],
    ["does not come", { exitCode: null, failure: "timed-out" }, "did not answer in time"],
  ] as const)(
    "of systemctl that %s is a problem, not a unit that never ran",
    async (_, said, words) => {
      const { live, problem } = await collectLiveUnit(
        answering(ABSENT, said, "live"),
        unitName("microvm@web.service"),
      );
      expect(live).toBeUndefined();
      expect(problem).toContain(words);
    },
  );

  it("of journalctl about boots that ended early is not the whole list", async () => {
    const stdout = '[{"boot_id":"b","first_entry":1,"last_entry":2}]';
    const host = answering(ABSENT, { stdout, exitCode: null });
    expect(await readBoots(host)).toMatchObject({ failure: "journalctl was ended by a signal" });
  });

  it("of journalctl about headers that did not come says so", async () => {
    const host = answering(ABSENT, { exitCode: null, failure: "timed-out" });
    expect(await readHeaders(host)).toMatchObject({ failure: "journalctl did not answer in time" });
  });
});
