import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openBundle } from "../../src/host/bundle/open-bundle.ts";
import type { Recording } from "../../src/host/recording.ts";
import { REPOSITORY } from "../support/run-node.ts";
import type { Corpus } from "./mutation.ts";

/** The host that the shipped bundle recorded. */
export const EVIDENCE = join(REPOSITORY, "fixtures/incidents/secret-never-loaded/evidence.mvb");

const opened = await openBundle(EVIDENCE);
if (opened.status !== "opened") throw new Error(opened.why);
const [first] = opened.recordings;
if (first === undefined) throw new Error("the shipped bundle holds no host");

export const RECORDED: Recording = first;

export const corpusOf = (texts: readonly string[]): Corpus => {
  const [one, ...others] = [...new Set(texts)].map((text) => Buffer.from(text));
  if (one === undefined) throw new Error("a corpus needs an item");
  return [one, ...others];
};

/** What the recorded host's programs printed whose command lines begin so. */
export const printedBy = (command: string): readonly string[] =>
  Object.entries(RECORDED.commands).flatMap(([key, { stdout }]) =>
    key.startsWith(command) && stdout !== "" ? [stdout] : [],
  );

/** The texts of the recorded host whose path looks so. */
export const textsAt = (path: RegExp): readonly string[] =>
  Object.entries(RECORDED.text).flatMap(([key, found]) =>
    path.test(key) && found.status === "present" ? [found.value] : [],
  );

/** Some lines of the recorded journal, of each kind. */
export const ENTRIES: readonly string[] = Object.values(RECORDED.streams).flatMap(({ lines }) =>
  lines.filter((_, index) => index % 5 === 0),
);

/** The messages of the recorded journal, and those that the scenarios write. */
export const MESSAGES: readonly string[] = [
  ...ENTRIES.flatMap(
    (line) => /"MESSAGE":"(?<message>[^"\\]+)"/u.exec(line)?.groups?.["message"] ?? [],
  ),
  ...readdirSync(join(REPOSITORY, "test/scenarios"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .flatMap((name) =>
      [
        ...readFileSync(join(REPOSITORY, "test/scenarios", name), "utf8").matchAll(
          /(?:says|message|line):\s+["']?(?<message>[^\n]{10,300})/gu,
        ),
      ].map(({ groups }) => groups?.["message"] ?? ""),
    ),
];

/** An entry as journalctl prints it in the export format. */
export const exported = (line: string): string => {
  const entry: Record<string, unknown> = JSON.parse(line);
  return `${Object.entries(entry)
    .map(([name, value]) => (typeof value === "string" ? `${name}=${value}\n` : ""))
    .join("")}\n`;
};
