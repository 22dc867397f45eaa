import { describe, expect, it, test } from "vitest";
import {
  asksForJson,
  chosenCatalogueFormat,
  chosenFormat,
  JUDGEMENT_FORMATS,
} from "../../src/command-line/output-format.ts";

const none = { output: undefined, json: false, "output-file": undefined };

describe("the chosen format", () => {
  test.for([
    ["report.md", "markdown"],
    ["REPORT.MD", "markdown"],
    ["report.json", "json"],
    ["report.txt", "text"],
    ["report.html", "html"],
    ["/tmp/tmp.Qx2bd", "text"],
    ["report", "text"],
  ])("of %s is %s", ([file, format]) => {
    expect(chosenFormat({ ...none, "output-file": file }, "text")).toBe(format);
  });

  test("is the one of -o whatever the file is called", () => {
    const flags = { ...none, output: "text", "output-file": "report.json" } as const;
    expect(chosenFormat(flags, "markdown")).toBe("text");
  });
});

describe("emoji", () => {
  it("are for Markdown", () => {
    const flags = { ...none, emoji: true };
    expect(chosenFormat(flags, "markdown")).toBe("markdown");
    expect(() => chosenFormat(flags, "text")).toThrow("--emoji is for Markdown, and this is text");
  });
});

describe("the catalogue", () => {
  it("does not come as a page, whatever its file is called", () => {
    expect(() => chosenCatalogueFormat({ ...none, "output-file": "rules.html" }, "text")).toThrow(
      "rules come as text, markdown, json, and not as html",
    );
    expect(chosenCatalogueFormat({ ...none, "output-file": "rules.md" }, "text")).toBe("markdown");
  });
});

describe("a file for another program", () => {
  test.for([
    ["scan.sarif", "sarif"],
    ["results.xml", "junit"],
    ["mvdoctor.prom", "prometheus"],
  ])("is written by a command that judges: %s is %s", ([file, format]) => {
    expect(chosenFormat({ ...none, "output-file": file }, "text", JUDGEMENT_FORMATS)).toBe(format);
  });

  test("is written by no other command, and not with a page for people in it either", () => {
    expect(() => chosenFormat({ ...none, "output-file": "scan.sarif" }, "text")).toThrow(
      ".sarif asks for sarif, which this command does not write",
    );
  });

  test("is a page for people where -o says so", () => {
    const flags = { ...none, output: "text", "output-file": "scan.sarif" } as const;
    expect(chosenFormat(flags, "text")).toBe("text");
  });
});

describe("JSON is asked for", () => {
  test.for([["--json"], ["-o", "json"], ["-ojson"], ["--output", "json"], ["--output=json"]])(
    "by %j",
    (argv) => {
      expect(asksForJson(["diagnose", ...argv])).toBe(true);
    },
  );

  test.for([[], ["-o", "text"], ["json"], ["--", "--json"], ["--output-file", "json"]])(
    "not by %j",
    (argv) => {
      expect(asksForJson(["diagnose", ...argv])).toBe(false);
    },
  );
});
