import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SaxesParser } from "saxes";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENTRIES } from "../fuzz/corpus.ts";
import { REPOSITORY } from "../support/run-node.ts";

const FLAG = v.looseObject({
  type: v.string(),
  options: v.optional(v.array(v.string())),
  exclusive: v.optional(v.array(v.string()), []),
});
const MANIFEST = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ commands: v.record(v.string(), v.object({ flags: v.record(v.string(), FLAG) })) }),
);
const { commands } = v.parse(
  MANIFEST,
  readFileSync(join(REPOSITORY, "dist/oclif.manifest.json"), "utf8"),
);

/** Goes on until somebody ends it, which its own tests do. */
const GOES_ON = new Set(["watch"]);
/** These ask another source, go on, or show something else than a report. */
const ANOTHER_THING = new Set(["sudo", "merge", "follow", "names", "json", "dry-run"]);

const isXml = (text: string): void => {
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.write(text).close();
};

/** Throws, or fails, where a text is not wholly of the format. */
const WHOLE: Readonly<Record<string, (text: string) => void>> = {
  text: (text) => expect(text).not.toMatch(/(?![\n\t])\p{Cc}|^mvdoctor: /mu),
  markdown: (text) => expect(text).not.toMatch(/(?![\n\t])\p{Cc}|^mvdoctor: /mu),
  json: (text) => expect(JSON.parse(text)).toBeTypeOf("object"),
  sarif: (text) => expect(JSON.parse(text)).toMatchObject({ version: "2.1.0" }),
  html: (text) => expect(text).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/iu),
  junit: isXml,
  prometheus: (text) => {
    for (const line of text.trimEnd().split("\n"))
      expect(line).toMatch(/^(?:# (?:HELP|TYPE) mvdoctor_\w+ .+|mvdoctor_\w+(?:\{.*\})? \S+)$/u);
  },
  lnav: (text) => {
    for (const line of text.trimEnd().split("\n")) expect(line).toMatch(/^time=\S+ (?:\w+=)/u);
  },
};

interface Run {
  readonly args: readonly string[];
  readonly format: string;
}

/** Every format of every command, and every switch beside JSON. */
const RUNS: readonly Run[] = Object.entries(commands).flatMap(([name, { flags }]) => {
  if (GOES_ON.has(name) || flags["output"]?.options === undefined) return [];
  const words = name === "explain" ? [name, "access/file-mode"] : [name];
  const switches = Object.entries(flags).filter(
    ([flag, { type }]) => type === "boolean" && !ANOTHER_THING.has(flag),
  );
  return [
    ...flags["output"].options.map((format) => ({ args: [...words, "-o", format], format })),
    ...switches.map(([flag]) => ({ args: [...words, "--json", `--${flag}`], format: "json" })),
  ];
});

describe("standard output", () => {
  let scratch = "";
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "mvdoctor-stdout-"));
    // A journal alone: most of a report's sources are gaps, which are told on stderr.
    await writeFile(join(scratch, "journal.json"), `${ENTRIES.join("\n")}\n`);
  });
  afterAll(async () => {
    await rm(scratch, { recursive: true, force: true });
  });

  const run = async (
    args: readonly string[],
  ): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> => {
    const isReport = commands[args[0] ?? ""]?.flags["file"] !== undefined;
    const words = [...args, ...(isReport ? ["--file", join(scratch, "journal.json")] : [])];
    try {
      const ended = await promisify(execFile)(
        process.execPath,
        [join(REPOSITORY, "dist/bin.js"), ...words],
        { maxBuffer: 64 * 1024 * 1024 },
      );
      return { status: 0, ...ended };
    } catch (error) {
      return v.parse(
        v.pipe(
          v.object({ code: v.number(), stdout: v.string(), stderr: v.string() }),
          v.transform(({ code, ...said }) => ({ status: code, ...said })),
        ),
        error,
      );
    }
  };

  it("is asked of every command that reports something", () => {
    expect(new Set(RUNS.map(({ args }) => args[0]))).toEqual(
      new Set(["check", "diagnose", "explain", "list", "report", "rules", "timeline"]),
    );
    expect(new Set(RUNS.map(({ format }) => format))).toEqual(new Set(Object.keys(WHOLE)));
  });

  it.concurrent.for(RUNS)(
    "is the chosen format and nothing else: $args",
    async ({ args, format }) => {
      const { status, stdout } = await run(args);
      // A switch that JSON has no room for is refused, in JSON.
      const isRefused = status === 2 && format === "json";
      expect(isRefused).toBe(stdout.includes('"code": "wrong-usage"'));
      if (isRefused) return WHOLE["json"]?.(stdout);
      expect([0, 1, 3]).toContain(status);
      expect(stdout).not.toBe("");
      WHOLE[format]?.(stdout);
    },
  );
});
