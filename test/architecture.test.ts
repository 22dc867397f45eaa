import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { LAYERS } from "../oxlint.config.ts";
import { REPOSITORY, runNode } from "./support/run-node.ts";

const IMPORTS = "eslint(no-restricted-imports)";
const GLOBALS = "eslint(no-restricted-globals)";
const CYCLE = "import(no-cycle)";
const ANY = "typescript(no-explicit-any)";

/** A file, a statement in it, and the rule that flags it. */
type Statement = readonly [file: string, statement: string, rule?: string];

const WRONG: readonly Statement[] = [
  ["src/facts/loops.ts", 'export * from "../rules/rule.ts";', IMPORTS],
  ["src/facts/loops.ts", 'export * from "../helpers/all.ts";', IMPORTS],
  ["src/facts/loops.ts", 'export * from "../../commands/diagnose.ts";', IMPORTS],
  ["src/rules/access/file-mode.ts", 'export * from "../../host/host.ts";', IMPORTS],
  ["src/rules/access/file-mode.ts", 'export const x = () => import("../../host/x.ts");', IMPORTS],
  ["src/host/host.ts", 'export * from "../collectors/unit.ts";', IMPORTS],
  ["src/collectors/unit.ts", 'export * from "../index.ts";', IMPORTS],
  ["src/report/text.ts", 'export { diagnose } from "../diagnosis/diagnose.ts";', IMPORTS],
  ["src/report/text.ts", 'export type { Host } from "../host/host.ts";', IMPORTS],
  ["src/vocabulary.ts", 'export * from "./time/format-time.ts";', IMPORTS],
  ["src/index.ts", 'export * from "./command-line/output.ts";', IMPORTS],
  ["commands/diagnose.ts", 'export * from "../src/diagnosis/diagnose.ts";', IMPORTS],
  // Out into the world.
  ["src/rules/access/file-mode.ts", 'export * from "node:fs";', IMPORTS],
  ["src/time/format-time.ts", 'export * from "node:path";', IMPORTS],
  ["src/facts/loops.ts", "export const home = process.env;", GLOBALS],
  ["src/collectors/unit.ts", 'export * from "node:fs/promises";', IMPORTS],
  ["src/collectors/unit.ts", 'export * from "execa";', IMPORTS],
  ["src/index.ts", 'export * from "node:child_process";', IMPORTS],
  ["src/command-line/failure.ts", 'export * from "node:fs";', IMPORTS],
  ["commands/diagnose.ts", 'export * from "node:fs";', IMPORTS],
  ["src/host/host.ts", 'export * from "@oclif/core/flags";', IMPORTS],
  // Everywhere.
  ["src/report/text.ts", 'export { format } from "date-fns";', IMPORTS],
  ["test/time.test.ts", 'export { format } from "date-fns";', IMPORTS],
  ["src/report/text.ts", "export const identity = (y: any) => y;", ANY],
  ["src/facts/egg.ts", 'export * from "./chicken.ts";', CYCLE],
  ["src/facts/chicken.ts", 'export * from "./egg.ts";', CYCLE],
];

const RIGHT: readonly Statement[] = [
  ["src/facts/loops.ts", 'export * from "../evidence/reference.ts";'],
  ["src/rules/access/file-mode.ts", 'export * from "../../facts/loops.ts";'],
  ["src/rules/access/file-mode.ts", 'export * from "../rule.ts";'],
  ["src/journal/read.ts", 'export * from "../host/host.ts";'],
  ["src/collectors/unit.ts", 'export * from "../journal/read.ts";'],
  ["src/collectors/unit.ts", 'export * from "node:path";'],
  ["src/diagnosis/diagnose.ts", 'export * from "../rules/index.ts";'],
  ["src/report/text.ts", 'export type { Diagnosis } from "../diagnosis/diagnose.ts";'],
  ["src/report/text.ts", 'export { format } from "date-fns/format";'],
  ["src/requests/diagnose.ts", 'export * from "../diagnosis/diagnose.ts";'],
  ["src/index.ts", 'export * from "./requests/diagnose.ts";'],
  ["src/host/host.ts", 'export * from "execa";'],
  ["src/host/host.ts", 'export * from "node:fs";'],
  ["src/command-line/output.ts", 'export * from "node:fs";'],
  ["src/command-line/pager.ts", 'export * from "execa";'],
  ["src/command-line/flags.ts", 'export * from "@oclif/core/flags";'],
  ["commands/diagnose.ts", 'export * from "../src/index.ts";'],
  ["commands/diagnose.ts", 'export * from "../src/command-line/base-command.ts";'],
];

interface Diagnostic {
  readonly code: string;
  readonly filename: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}

/** What oxlint says of each statement in a project that holds nothing else, under our configuration. */
const lintStatements = (): ReadonlyMap<Statement, readonly string[]> => {
  const project = mkdtempSync(join(tmpdir(), "mvdoctor-layers-"));
  try {
    for (const name of ["oxlint.config.ts", "package.json", "tsconfig.json", ".gitignore"]) {
      cpSync(join(REPOSITORY, name), join(project, name));
    }
    symlinkSync(join(REPOSITORY, "node_modules"), join(project, "node_modules"));
    const files = Map.groupBy([...WRONG, ...RIGHT], ([file]) => file);
    for (const [file, statements] of files) {
      mkdirSync(dirname(join(project, file)), { recursive: true });
      writeFileSync(join(project, file), statements.map(([, text]) => `${text}\n`).join(""));
    }
    const { stdout } = runNode(
      [join(REPOSITORY, "node_modules/oxlint/bin/oxlint"), "--format=json"],
      { cwd: project },
    );
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] };
    return new Map(
      [...files].flatMap(([file, statements]) =>
        statements.map((statement, index) => [
          statement,
          diagnostics
            .filter(({ filename, labels }) => {
              return filename === file && labels[0]?.span.line === index + 1;
            })
            .map(({ code }) => code),
        ]),
      ),
    );
  } finally {
    rmSync(project, { recursive: true });
  }
};

describe("the linter", () => {
  let said: ReadonlyMap<Statement, readonly string[]> = new Map();
  beforeAll(() => {
    said = lintStatements();
  });

  test.for(WRONG)("in %s flags %s", (statement) => {
    expect(said.get(statement)).toContain(statement[2]);
  });

  test.for(RIGHT)("in %s allows %s", (statement) => {
    expect(said.get(statement)).not.toContain(IMPORTS);
  });
});

test("every folder and file of src/ has its place among the layers", () => {
  // src/dev is not part of the program.
  const unknown = readdirSync(join(REPOSITORY, "src")).filter(
    (name) => !(name in LAYERS) && name !== "dev",
  );
  expect(unknown).toStrictEqual([]);
});
