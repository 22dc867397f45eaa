import { readdir, readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { rulesIndex } from "../../src/dev/generate.ts";
import { ruleDocs } from "../../src/dev/rule-docs.ts";
import { RULES } from "../../src/rules/index.ts";
import { loadCredential, ownedByReader, waysToHandOver } from "../../src/rules/remedies.ts";
import { hostPath } from "../../src/vocabulary.ts";
import { judged, knowledgeOf } from "../support/judged.ts";
import { recordedEvidence } from "../support/recorded-evidence.ts";
import { nixSyntaxErrors } from "../support/nix-syntax.ts";
import { loadScenarioCases } from "../support/scenario-file.ts";
import { declaredBy, watched } from "../support/watched-rules.ts";
import { WHOLE_HOSTS } from "../support/whole-hosts.ts";
import { runRules } from "../../src/diagnosis/rule-run.ts";
import { deriveFacts } from "../../src/facts/facts.ts";
import { credential, runner, secretFiles, unit, walkToNothing } from "../support/literals.ts";
import { requireTools } from "../support/requirements.ts";
import { FIXED_IDS } from "./fixed-ids.ts";

/** It fires on the rights of whoever looks, and the scenarios are read as root: test/rules/rules.test.ts has where it fires. */
const OF_THE_READER = "unrelated/reader-privilege";

const IDS = RULES.map(({ id }) => id);

describe("the registry of rules", () => {
  it("holds every rule file, by its generated index", async () => {
    const importsOf = (text: string): readonly string[] =>
      [...text.matchAll(/^import .*$/gmu)].map(([line]) => line);
    const committed = await readFile("src/rules/index.ts", "utf8");
    expect(importsOf(committed)).toEqual(importsOf(await rulesIndex()));
  });

  it("gives every rule the id that its path says", async () => {
    const files = (await readdir("src/rules", { recursive: true })).filter((file) =>
      /^[a-z]+\/[a-z-]+\.ts$/u.test(file),
    );
    expect(IDS.toSorted()).toEqual(files.map((file) => file.replace(/\.ts$/u, "")).toSorted());
  });

  it("has scenarios for every rule: one where it fires, one where it is silent, one near miss", async () => {
    const scenarios = await loadScenarioCases();
    const lacking = IDS.filter((id) => {
      const kinds = new Set(scenarios.filter(({ rule }) => rule === id).map(({ kind }) => kind));
      return kinds.size < 3 && id !== OF_THE_READER;
    });
    expect(lacking).toEqual([]);
  });

  it("has every fixed id, and each id once", () => {
    expect(FIXED_IDS.filter((id) => !IDS.includes(id))).toEqual([]);
    expect(new Set(FIXED_IDS).size).toBe(FIXED_IDS.length);
    expect(new Set(IDS).size).toBe(IDS.length);
  });

  it("claims only effects that exist, and no rule is the cause of itself", () => {
    const effects = new Map(
      RULES.map(({ id, causes }) => [id, (causes ?? []).flatMap((claim) => claim.effects)]),
    );
    for (const effect of [...effects.values()].flat()) expect(IDS).toContain(effect);
    const reaches = (from: string, seen: readonly string[] = []): readonly string[] =>
      seen.includes(from)
        ? [from]
        : IDS.filter((id) => id === from).flatMap((id) =>
            (effects.get(id) ?? []).flatMap((next) => reaches(next, [...seen, from])),
          );
    expect(IDS.filter((id) => reaches(id).includes(id))).toEqual([]);
  });
});

describe("what a rule declares", () => {
  const reads = new Map(RULES.map(({ id }) => [id, new Set<string>()]));
  const watching = RULES.map((rule) => watched(rule, (key) => reads.get(rule.id)?.add(key)));

  beforeAll(async () => {
    for (const evidence of WHOLE_HOSTS) runRules(watching, knowledgeOf(evidence));
    for (const incident of await readdir("fixtures/incidents")) {
      const file = `fixtures/incidents/${incident}/evidence.mvb`;
      for (const { vm, evidence } of await recordedEvidence(file)) {
        runRules(watching, deriveFacts(vm, evidence));
      }
    }
  });

  // That it needs all that it declares is seen over its scenarios (test/support/tell-scenarios.ts).
  it.each(RULES)("$id reads nothing that it does not declare", (rule) => {
    const declared = declaredBy(rule);
    const read = [...(reads.get(rule.id) ?? [])];
    expect(read.length).toBeGreaterThan(0);
    expect(read.filter((key) => !declared.includes(key))).toEqual([]);
  });
});

const SENTENCES = /\w.*\.$/su;

describe("the documentation of a rule", () => {
  it.each(RULES)("$id is complete, in full sentences", ({ docs }) => {
    for (const text of [docs.what, docs.why, docs.proof, docs.ruledOut, docs.repair]) {
      expect(text).toMatch(SENTENCES);
    }
    expect(docs.sources).not.toEqual([]);
    expect(docs.confusedWith).not.toEqual([]);
    for (const { tell } of docs.confusedWith) expect(tell).toMatch(SENTENCES);
    for (const { note } of docs.upstream ?? []) expect(note).toMatch(SENTENCES);
  });

  it.each(RULES)("$id is confused with other rules that exist, each named once", ({ id, docs }) => {
    const others = docs.confusedWith.map((one) => one.id);
    expect(others.filter((other) => !IDS.includes(other))).toEqual([]);
    expect(others).not.toContain(id);
    expect(new Set(others).size).toBe(others.length);
  });

  it("is what docs/rules shows", async () => {
    const folder = "docs/rules";
    const files = (await readdir(folder, { recursive: true })).filter((file) =>
      file.endsWith(".md"),
    );
    const pages = new Map<string, string>();
    for (const file of files) pages.set(file, await readFile(`${folder}/${file}`, "utf8"));
    const generated = ruleDocs();
    // `npm run generate` writes them anew.
    expect(Object.fromEntries(pages)).toEqual(Object.fromEntries(generated));
  });
});

describe.skipIf(!requireTools("nix-instantiate"))("the snippets of remedies", () => {
  const contexts = (["qemu", "cloud-hypervisor", "firecracker", undefined] as const).flatMap(
    (hypervisor) =>
      ["test-vm", "10-odd.name"].map((vm) => ({
        vm,
        unit: undefined,
        runner: hypervisor === undefined ? undefined : runner({ hypervisor }),
        secrets: [],
      })),
  );
  const missing = judged({
    unit: unit({ credentials: [credential("api-key", "/run/secrets/demo/api-key")] }),
    secretFiles: secretFiles(walkToNothing("/run/secrets/demo/api-key")),
  });
  const found = missing.flatMap((finding) => finding.remedies);
  const remedies = contexts.flatMap((context) => [
    ...found,
    ...waysToHandOver(context),
    loadCredential(context),
    ownedByReader(context, hostPath("/run/secrets/vars/a/api-key")),
    ownedByReader(context, hostPath("/run/agenix/api-key")),
  ]);

  it("parse as Nix", async () => {
    const snippets = [
      ...new Set(remedies.filter(({ kind }) => kind === "nix").map(({ snippet }) => snippet)),
    ];
    expect(snippets.length).toBeGreaterThan(8);
    expect(await nixSyntaxErrors(snippets)).toBe("");
    expect(await nixSyntaxErrors([...snippets, "{ services.sshd = ; }"])).toContain("syntax error");
  });

  it("offer credentialFiles only together with QEMU, and a change of --platform only to cloud-hypervisor", () => {
    const wrong = remedies.filter(
      ({ snippet }) =>
        (snippet.includes("credentialFiles") && !snippet.includes('hypervisor = "qemu"')) ||
        (snippet.includes("--platform") && !snippet.includes("cloud-hypervisor")),
    );
    expect(wrong).toEqual([]);
  });

  it("say what an ExecStart override without LoadCredential leaves", () => {
    const context = contexts.find(({ runner: one }) => one?.hypervisor === "cloud-hypervisor");
    const override = (context === undefined ? [] : waysToHandOver(context)).find(({ snippet }) =>
      snippet.includes("ExecStart"),
    );
    expect(override?.snippet).toContain("LoadCredential");
    expect(override?.cost).toContain("Without the LoadCredential= lines");
  });
});
