import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { casesPage, complaintsAboutCases, loadCorpus, missingCases } from "../support/cases.ts";
import { loadScenarioCases } from "../support/scenario-file.ts";

const CORPUS = await loadCorpus();
const SCENARIOS = await loadScenarioCases();

describe("the cases of the corpus", () => {
  it("are 86, each known by its number", () => {
    const numbers = Array.from(
      { length: 86 },
      (_, index) => `O${String(index + 1).padStart(3, "0")}`,
    );
    expect(Object.keys(CORPUS.cases)).toEqual(numbers);
  });

  it("are each a scenario, or cannot be told from a host", () => {
    expect(missingCases(CORPUS, SCENARIOS)).toEqual([]);
  });

  it("have in their scenarios the root cause first that they have in the field", () => {
    const complaints = SCENARIOS.flatMap((one) =>
      complaintsAboutCases(CORPUS, one).map((words) => `${one.subject}: ${one.name}: ${words}`),
    );
    expect(complaints).toEqual([]);
  });

  it("are listed in docs/cases.md, which `npm run cases` writes", async () => {
    expect(await readFile("docs/cases.md", "utf8")).toBe(casesPage(CORPUS, SCENARIOS));
  });
});
