import { expect, it } from "vitest";
import { jsonText, printable } from "../../src/report/printable.ts";

const FOREIGN = "a\u001B[2Jb\u009B31mc\u202Ed\re\u0085f\u2028g\u007F\n";

it("takes from a page what a terminal would act on, and leaves its lines", () => {
  expect(printable(FOREIGN, { colour: false })).toBe("a[2Jb31mcdefg\n");
});

it("leaves the colours of a page that has some", () => {
  const page = "\u001B[1mbold\u001B[22m \u001B[2J\n";
  expect(printable(page, { colour: true })).toBe("\u001B[1mbold\u001B[22m [2J\n");
  expect(printable(page, { colour: false })).toBe("[1mbold[22m [2J\n");
});

it("writes it into JSON so that the value stays what it is", () => {
  const text = jsonText({ path: FOREIGN });
  expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}\u2028]/u);
  expect(JSON.parse(text)).toEqual({ path: FOREIGN });
});
