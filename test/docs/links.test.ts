import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { REPOSITORY } from "../support/run-node.ts";

const PAGES = globSync(["README.md", "CONTRIBUTING.md", "docs/**/*.md"], { cwd: REPOSITORY });
const LINK = /\]\((?<target>[^)\s#]*)(?:#(?<heading>[^)\s]+))?\)/gu;

/** The anchor that a heading gets: small letters, without signs, a dash for a space. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

it("every link of a page leads to a page and a heading that are there", () => {
  const broken = PAGES.flatMap((page) => {
    const text = readFileSync(join(REPOSITORY, page), "utf8");
    return [...text.matchAll(LINK)].flatMap(({ groups }) => {
      const { target = "", heading }: Readonly<Record<string, string | undefined>> = groups ?? {};
      if (/^[a-z]+:/u.test(target)) return [];
      const file = target === "" ? page : join(dirname(page), target);
      if (!existsSync(join(REPOSITORY, file))) return [`${page}: ${target}`];
      if (heading === undefined) return [];
      const headings = readFileSync(join(REPOSITORY, file), "utf8").matchAll(/^#+ (.*)$/gmu);
      return [...headings].some(([, title = ""]) => anchor(title) === heading)
        ? []
        : [`${page}: ${target}#${heading}`];
    });
  });
  expect(PAGES.length).toBeGreaterThan(20);
  expect(broken).toEqual([]);
});
