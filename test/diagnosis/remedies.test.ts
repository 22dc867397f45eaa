import { describe, expect, it } from "vitest";
import { judge } from "../../src/diagnosis/judgement.ts";
import { rankedOptions } from "../../src/diagnosis/options.ts";
import { weighRemedies } from "../../src/diagnosis/remedies.ts";
import { afterRepairs } from "../../src/diagnosis/what-if.ts";
import type { EvidenceMap } from "../../src/evidence/evidence.ts";
import type { Repair } from "../../src/rules/rule.ts";
import { hostPath } from "../../src/vocabulary.ts";
import { collectedEvidence } from "../support/judged.ts";
import {
  credential,
  denied,
  directory,
  hostJournal,
  identity,
  link,
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

/** A runner that reads its secret itself, and is refused. */
const refused = (more: Partial<EvidenceMap> = {}) =>
  collectedEvidence({
    identity,
    hostJournal: hostJournal(),
    vmJournal: vmJournal(
      [10, 17, 24, 31].map((at) => start(at, { lives: 1, says: [denied(KEY)] })),
    ),
    state: state({ current: link("current", store("microvm-qemu-demo-vm")) }),
    runners: { current: runner({ hypervisor: "qemu", reads: [readOf(KEY)] }) },
    unit: unit(),
    secretFiles: secretFiles(walkTo(KEY)),
    ...more,
  });

const weighed = (evidence = refused()) =>
  weighRemedies(vmName(), evidence, judge(vmName(), evidence).findings);
const remedy = (title: RegExp, evidence = refused()) =>
  weighed(evidence)
    .flatMap(({ remedies }) => remedies)
    .find((one) => title.test(one.title));

describe("a remedy that is tried on the evidence", () => {
  it("clears what it repairs, and the loop that followed from it", () => {
    const owned = remedy(/Let microvm read/u);
    expect(owned?.checked).toBe(true);
    expect(owned?.clears).toEqual(
      expect.arrayContaining(["access/file-mode", "lifecycle/crash-loop"]),
    );
    expect(owned?.leaves).toEqual([]);
  });

  it("clears the read itself where the runner takes systemd's copy in its place", () => {
    const taken = remedy(/take the copy/u);
    expect(taken?.clears).toEqual(
      expect.arrayContaining([
        "access/file-mode",
        "runner/reads-secret-directly",
        "lifecycle/crash-loop",
      ]),
    );
    expect(taken?.leaves).toEqual([]);
    expect(taken?.snippet).toContain("$CREDENTIALS_DIRECTORY/api-key");
    expect(rankedOptions(weighed())[0]?.title).toBe(taken?.title);
  });

  it("ends what the command line shows where QEMU takes files in the place of strings", () => {
    const runtime = runner({
      hypervisor: "cloud-hypervisor",
      reads: [readOf(KEY)],
      channels: [
        {
          kind: "oem-runtime",
          names: ["API_KEY"],
          values: [{ name: "API_KEY", form: "expanded", encoded: false, unset: [] }],
          ref: runner().ref,
        },
      ],
    });
    const evidence = refused({ runners: { current: runtime } });
    expect(remedy(/under QEMU/u, evidence)?.leaves).not.toContain("exposure/command-line");
    expect(remedy(/take the copy/u, evidence)?.leaves).toContain("exposure/command-line");
  });

  it("is told to rest on the rule's word where no evidence would show it", () => {
    const journal = vmJournal([start(10, { lives: 1, says: [denied(KEY)], restarts: false })]);
    const repaired = refused({
      vmJournal: journal,
      secretFiles: secretFiles(walkTo(KEY, { mode: 0o444 })),
    });
    const restart = remedy(/Start the VM/u, repaired);
    expect(restart).toMatchObject({
      checked: false,
      clears: ["access/fixed-not-restarted", "lifecycle/never-started"],
    });
  });
});

describe("the evidence after a repair", () => {
  const fires = (id: string, before: Partial<EvidenceMap>, ...repairs: readonly Repair[]) =>
    judge(vmName(), afterRepairs(refused(before), repairs)).findings.some((one) => one.id === id);
  const path = hostPath(KEY);
  const loading = unit({ credentials: [credential("api-key", KEY)] });

  it.each<[string, Partial<EvidenceMap>, Repair]>([
    ["access/file-mode", {}, { kind: "file-access", path, owner: "microvm" }],
    ["access/file-mode", {}, { kind: "file-access", path, mode: 0o444 }],
    [
      "access/parent-directory",
      {
        secretFiles: secretFiles(
          walkTo(KEY, { mode: 0o444 }, { "/run/secrets": directory({ mode: 0o700 }) }),
        ),
      },
      { kind: "directory-passable", path: hostPath("/run/secrets") },
    ],
    [
      "source/path-missing",
      { secretFiles: secretFiles(walkToNothing(KEY)) },
      { kind: "file-made", path },
    ],
    [
      "source/empty",
      { secretFiles: secretFiles(walkTo(KEY, { size: 0 })) },
      { kind: "file-made", path },
    ],
    [
      "credentials/configured-unused",
      { unit: loading },
      { kind: "credential-handed-over", id: "api-key", guestName: "API_KEY" },
    ],
    [
      "runner/no-secret-path",
      { unit: loading, runners: { current: runner() } },
      { kind: "secrets-shared", source: hostPath("/run/secrets"), secrets: ["api-key"] },
    ],
  ])("%s is gone", (id, before, repair) => {
    expect(fires(id, before)).toBe(true);
    expect(fires(id, before, repair)).toBe(false);
  });
});
