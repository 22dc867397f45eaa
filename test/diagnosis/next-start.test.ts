import { describe, expect, it } from "vitest";
import { readRunnerScript } from "../../src/collectors/runner-script.ts";
import { predictStart } from "../../src/diagnosis/next-start.ts";
import type { EvidenceMap } from "../../src/evidence/evidence.ts";
import { hostPath } from "../../src/vocabulary.ts";
import { collectedEvidence } from "../support/judged.ts";
import {
  credential,
  denied,
  directory,
  file,
  hostJournal,
  identity,
  link,
  moment,
  quietHost,
  readOf,
  runner,
  secretFiles,
  start,
  state,
  store,
  unit,
  vmJournal,
  vmName,
  walkTo,
  walkToNothing,
} from "../support/literals.ts";

const KEY = "/run/secrets/demo/api-key";
const readable = secretFiles(walkTo(KEY, { uid: 986 }));

const next = (more: Partial<EvidenceMap> = {}) =>
  predictStart(
    vmName(),
    collectedEvidence({
      identity,
      hostJournal: hostJournal(),
      vmJournal: vmJournal([]),
      state: state({ current: link("current", store("microvm-qemu-demo-vm")) }),
      runners: { current: runner({ reads: [readOf(KEY)] }) },
      unit: unit(),
      secretFiles: readable,
      ...more,
    }),
  );

describe("the next start", () => {
  it("gets a secret that is there, may be read and has a way", () => {
    expect(next()).toMatchObject({ prediction: "yes", stops: [], rootCauses: [] });
  });

  it("stops at the file, the directory or the path that would stop it", () => {
    expect(next({ secretFiles: secretFiles(walkTo(KEY)) })).toMatchObject({
      prediction: "no",
      rootCauses: ["access/file-mode"],
      stops: [{ secret: "api-key", stage: "access", component: KEY, rule: "access/file-mode" }],
    });
    const closed = walkTo(KEY, { uid: 986 }, { "/run/secrets": directory({ mode: 0o700 }) });
    expect(next({ secretFiles: secretFiles(closed) }).stops).toMatchObject([
      { stage: "access", component: "/run/secrets" },
    ]);
    expect(next({ secretFiles: secretFiles(walkToNothing(KEY)) }).stops).toMatchObject([
      { stage: "source", component: KEY },
    ]);
  });

  it("names the file that may not be read, and not as a second cause that nobody would notice", () => {
    const swallowing = runner({ reads: [readOf(KEY, true)] });
    const foretold = next({
      runners: { current: swallowing },
      secretFiles: secretFiles(walkTo(KEY)),
    });
    expect(foretold.rootCauses).toEqual(["access/file-mode"]);
    expect(foretold.findings.map(({ id, role }) => [id, role])).toContainEqual([
      "runner/swallowed-read-error",
      "consequence",
    ]);
  });

  it("does not mind what an earlier start met and is repaired", () => {
    const earlier = vmJournal(
      [10, 17, 24, 31].map((at) => start(at, { lives: 1, says: [denied(KEY)] })),
    );
    expect(next({ vmJournal: earlier }).prediction).toBe("yes");
  });

  it("is told without any journal at all", () => {
    const evidence = collectedEvidence({
      identity,
      state: state({ current: link("current", store("microvm-qemu-demo-vm")) }),
      runners: { current: runner({ reads: [readOf(KEY)] }) },
      unit: unit(),
      secretFiles: secretFiles(walkTo(KEY)),
    });
    expect(predictStart(vmName(), evidence).rootCauses).toEqual(["access/file-mode"]);
  });

  it("is unknown where what decides it could not be looked at", () => {
    const hidden = {
      ...walkTo(KEY),
      end: "denied" as const,
      file: undefined,
    };
    const { file: _file, ...walk } = hidden;
    expect(next({ secretFiles: secretFiles(walk) }).prediction).toBe("unknown");
    const { runners: _runners, ...rest } = {
      identity,
      runners: undefined,
      unit: unit({ credentials: [credential("api-key", KEY)] }),
      secretFiles: readable,
    };
    expect(predictStart(vmName(), collectedEvidence(rest)).prediction).toBe("unknown");
  });

  it("wants nothing where nothing is asked for", () => {
    expect(next({ runners: { current: runner() } }).prediction).toBe("none-wanted");
  });

  describe("with a sealed credential", () => {
    const SEALED = "/etc/credstore.encrypted/api-key.cred";
    const PLACE = "/run/credentials/microvm@demo-vm.service";
    const sealed = (mtime: number, given?: number): Partial<EvidenceMap> => {
      const { credentialStore } = quietHost;
      const copy = file(`${PLACE}/api-key`, { mtime: moment(given ?? 0) });
      return {
        unit: unit({ credentials: [{ ...credential("api-key", SEALED), encrypted: true }] }),
        secretFiles: secretFiles(walkTo(SEALED, { mtime: moment(mtime) })),
        runners: {
          current: runner(
            readRunnerScript(
              hostPath(store("microvm-demo-vm-microvm-run")),
              `exec qemu-system-x86_64 -fw_cfg name=opt/io.systemd.credentials/API_KEY,file=${PLACE}/api-key`,
            ),
          ),
        },
        credentialStore:
          given === undefined
            ? credentialStore
            : {
                ...credentialStore,
                given: {
                  ...credentialStore.given,
                  state: "present",
                  credentials: [{ name: "api-key", ref: copy }],
                },
              },
      };
    };

    it("is not known to get it: whether the host's keys open it shows once it is tried", () => {
      expect(next(sealed(10))).toMatchObject({
        prediction: "unknown",
        basis: expect.stringContaining("credentials"),
      });
    });

    it("gets it again where systemd has opened the very file", () => {
      expect(next(sealed(10, 20)).prediction).toBe("yes");
    });

    it("is not known to get one that was sealed anew since", () => {
      expect(next(sealed(10, 5)).prediction).toBe("unknown");
    });
  });
});
