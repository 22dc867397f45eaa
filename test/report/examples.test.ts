import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { render, type Format, type View } from "../../src/report/render.ts";
import { diagnose } from "../../src/requests/diagnose.ts";
import type { Answer } from "../../src/requests/request.ts";

const BUNDLE = "fixtures/incidents/secret-never-loaded/evidence.mvb";
const NOW = "2025-09-27 01:52:00";

const answerOf = (since?: string): Promise<Answer> =>
  diagnose({ source: { bundle: BUNDLE }, times: { now: NOW, since }, vms: ["test-vm"] });

const shown = (answer: Answer, view: View, format: Format): string => {
  if (answer.status !== "diagnosed") throw new Error(`not diagnosed: ${answer.status}`);
  return render(answer.reports, view, format, { width: 80, colour: false });
};

describe("the examples in docs are what the program prints", () => {
  let whole: Answer;
  beforeAll(async () => {
    whole = await answerOf();
  });

  it("the terminal report", async () => {
    await expect(shown(whole, "diagnosis", "text")).toMatchFileSnapshot(
      "../../docs/examples/diagnose.txt",
    );
  });

  it("the write-up of the incident", async () => {
    await expect(shown(whole, "diagnosis", "markdown")).toMatchFileSnapshot(
      "../../docs/examples/incident.md",
    );
  });

  it("the page for a browser", async () => {
    await expect(shown(whole, "diagnosis", "html")).toMatchFileSnapshot(
      "../../docs/examples/incident.html",
    );
  });

  it("the machine's report", async () => {
    await expect(shown(whole, "diagnosis", "json")).toMatchFileSnapshot(
      "../../docs/examples/diagnose.json",
    );
  });

  it("the timeline", async () => {
    const since = await answerOf("00:40");
    await expect(shown(since, "timeline", "text")).toMatchFileSnapshot(
      "../../docs/examples/timeline.txt",
    );
  });

  it("the README quotes the terminal report word for word", async () => {
    const readme = await readFile("README.md", "utf8");
    const quoted = /```\n(?<report>test-vm on [\s\S]*?)```/u.exec(readme)?.groups?.["report"] ?? "";
    expect(quoted).not.toBe("");
    expect(shown(whole, "diagnosis", "text")).toContain(quoted.trimEnd());
  });
});

describe("a report", () => {
  it("does not depend on the zone of the machine that looks", async () => {
    const answer = await answerOf();
    const zone = process.env["TZ"];
    process.env["TZ"] = "Asia/Tokyo";
    try {
      expect(shown(await answerOf(), "diagnosis", "text")).toBe(shown(answer, "diagnosis", "text"));
    } finally {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    }
  });

  it("has no line over 80 columns but where a path or a snippet cannot be broken", async () => {
    const long = shown(await answerOf(), "diagnosis", "text")
      .split("\n")
      .filter((line) => line.length > 80)
      .filter((line) => !/\S{40}/u.test(line) && !/^ {7}/u.test(line));
    expect(long).toEqual([]);
  });
});
