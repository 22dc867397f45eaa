import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { judgedPage, reportsOf } from "../support/judged-pages.ts";

const PAGE = await readFile("docs/formats.md", "utf8");

/** The block of code in this language. */
const quoted = (language: string): string => {
  const found = PAGE.split("```").find((block) => block.startsWith(`${language}\n`));
  if (found === undefined) throw new Error(`docs/formats.md quotes no ${language}`);
  return found.slice(language.length + 1);
};

interface Sarif {
  readonly runs: readonly { readonly results: readonly { readonly ruleId: string }[] }[];
}

describe("docs/formats.md quotes what the program prints of the incident", () => {
  it("as JUnit XML", async () => {
    expect(judgedPage(await reportsOf(), "junit").page).toContain(quoted("xml").trim());
  });

  it("as metrics", async () => {
    const lines = judgedPage(await reportsOf(), "prometheus").page.split("\n");
    expect(lines).toEqual(expect.arrayContaining(quoted("prometheus").trim().split("\n")));
  });

  it("as SARIF", async () => {
    const { page } = judgedPage(await reportsOf(), "sarif");
    const results = (JSON.parse(page) as Sarif).runs.flatMap((run) => run.results);
    const example = JSON.parse(quoted("json")) as { readonly ruleId: string };
    expect(results.find(({ ruleId }) => ruleId === example.ruleId)).toMatchObject(example);
  });
});
