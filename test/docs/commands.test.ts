import { globSync, readFileSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtTrees, canBuildTrees } from "../support/built-trees.ts";
import { REPOSITORY } from "../support/run-node.ts";
import { commandsOf, isShown, type ShownCommand } from "./pages.ts";

const STORY = "secret-never-loaded";
const BUNDLE = join(REPOSITORY, `fixtures/incidents/${STORY}/evidence.mvb`);

const PAGES = globSync(["README.md", "CONTRIBUTING.md", "docs/*.md", "docs/tasks/*.md"], {
  cwd: REPOSITORY,
})
  .filter((page) => page !== "docs/cases.md")
  .toSorted();
const MANUAL = globSync("docs/man/*.1", { cwd: REPOSITORY }).toSorted();

/** What is not run, and why. Everything else is. */
const NOT_RUN: readonly (readonly [line: RegExp, why: string])[] = [
  [
    /^npm (?:ci|pack|install|test|run)\b|^npx vitest\b/u,
    "builds or tests this checkout, as CI does",
  ],
  [/^cp src\/|^cp test\//u, "would change this checkout"],
  [/^(?:ssh|scp) /u, "needs another host"],
  [/^(?:sudo )?(?:systemctl|journalctl) /u, "is about the machine that it is typed on"],
  [/ --follow$/u, "goes on until somebody ends it"],
  [/^npx .*ajv-cli/u, "installs a program of somebody else"],
  [/ --output-file \/var\//u, "writes to a directory of the machine that it is typed on"],
  [/ --follow$|^(?:sudo )?mvdoctor watch\b/u, "goes on until somebody ends it"],
  [/^npx mvdoctor$|^node dist\/bin\.js$/u, "is the program without a command"],
];

/**
 * mvdoctor as the pages call it. Where a line names no evidence, or evidence of a machine that is not there, the incident stands in; the
 * report's time is fixed. Of other hosts only the plan is asked for, which reads their flags and connects to nobody.
 */
const STAND_IN = `#!/bin/bash
args=() network=() named=
while [ $# -gt 0 ]; do
  case $1 in
    -H | --host | --journal-url) network+=("$1" "$2"); shift 2; continue ;;
    --sudo) network+=("$1"); shift; continue ;;
    --root) args+=("$1" "$TREE"); named=1; shift 2; continue ;;
    -D) args+=("$1" "$TREE/var/log/journal"); named=1; shift 2; continue ;;
    --bundle | --file | --dry-run) named=1 ;;
    ID) set -- access/file-mode "\${@:2}" ;;
    COMMAND) set -- diagnose "\${@:2}" ;;
    VM) set -- test-vm "\${@:2}" ;;
  esac
  args+=("$1")
  shift
done
if [ \${#network[@]} -gt 0 ]; then
  "$NODE" "$PROGRAM" collect --dry-run "\${network[@]}" >/dev/null || exit
fi
case \${args[0]} in
  check | collect | diagnose | list | report | timeline | verify)
    [ -n "$named" ] || args+=(--bundle "$HOME/incident.mvb")
    [[ " \${args[*]} " == *" --now "* ]] || args+=(--now "2025-09-27 01:52:00")
    ;;
esac
exec "$NODE" "$PROGRAM" "\${args[@]}"
`;

/** Findings, or evidence that is not complete, are an answer. */
const ANSWERED = [0, 1, 3];

describe("the commands that the pages show", () => {
  const treeOf = builtTrees(STORY);
  let home = "";

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "mvdoctor-docs-"));
    await mkdir(join(home, "bin"));
    await writeFile(join(home, "bin/mvdoctor"), STAND_IN);
    await writeFile(join(home, "bin/sudo"), '#!/bin/sh\nexec "$@"\n');
    for (const name of ["mvdoctor", "sudo"]) await chmod(join(home, "bin", name), 0o755);
    await copyFile(BUNDLE, join(home, "incident.mvb"));
    await mkdir(join(home, "config"));
    await execa("git", ["init", "--quiet", join(home, "config")]);
  });
  afterAll(async () => {
    await rm(home, { recursive: true, force: true });
  });

  beforeAll(async () => {
    if (!canBuildTrees) return;
    await mkdir(join(home, "saved"));
    for (const name of ["test-vm.mvb", "fleet.mvb", "x.mvb"])
      await copyFile(BUNDLE, join(home, name));
    await writeFile(join(home, "accepted.json"), '{ "suppress": [] }\n');
    const [journal = ""] = globSync("var/log/journal/*/*.journal", { cwd: treeOf(STORY) });
    await symlink(join(treeOf(STORY), journal), join(home, "saved/system.journal"));
    await run("mvdoctor diagnose test-vm --json --output-file report.json");
  });

  const started = async (line: string) =>
    execa("bash", ["-o", "pipefail", "-c", line], {
      cwd: home,
      reject: false,
      stdin: "ignore",
      extendEnv: false,
      env: {
        PATH: [join(home, "bin"), ...(process.env["PATH"] ?? "").split(delimiter)].join(delimiter),
        HOME: home,
        TZ: "UTC",
        LC_ALL: "C.UTF-8",
        NODE: process.execPath,
        PROGRAM: join(REPOSITORY, "dist/bin.js"),
        TREE: treeOf(STORY),
      },
    });

  const ends = new Map<string, ReturnType<typeof started>>();

  /** The end of a line; many pages show the same. */
  const run = async (shown: string) => {
    const line = shown.replace(/ +# .*$/u, "");
    const end = ends.get(line) ?? started(line);
    ends.set(line, end);
    return end;
  };

  const isRun = ({ line }: ShownCommand): boolean =>
    !NOT_RUN.some(([pattern]) => pattern.test(line));

  it.skipIf(!canBuildTrees).for(PAGES)("%s", { timeout: 120_000 }, async (page) => {
    const commands = commandsOf(page, readFileSync(join(REPOSITORY, page), "utf8")).filter(isRun);
    for (const { line, output } of commands) {
      const ended = await run(line);
      expect(ANSWERED, `${line}\n${ended.stderr}`).toContain(ended.exitCode);
      expect(
        output === undefined || isShown(output, ended.stdout),
        `${line}\n${ended.stdout}`,
      ).toBe(true);
    }
  });

  it.skipIf(!canBuildTrees)("the manual", { timeout: 120_000 }, async () => {
    const lines = MANUAL.flatMap((page) => {
      const text = readFileSync(join(REPOSITORY, page), "utf8");
      return [...text.matchAll(/^\.Dl (?<line>.*)$/gmu)].flatMap(
        ({ groups }) => groups?.["line"]?.replaceAll(String.raw`\-`, "-") ?? [],
      );
    });
    expect(lines.length).toBeGreaterThan(10);
    for (const line of new Set(lines)) {
      const ended = await run(line);
      expect(ANSWERED, `${line}\n${ended.stderr}`).toContain(ended.exitCode);
    }
  });

  it.skipIf(!canBuildTrees)("a wrong flag or another output would be noticed", async () => {
    for (const line of ["mvdoctor list --nonsense", "mvdoctor list -H one --nonsense"])
      expect(ANSWERED).not.toContain((await run(line)).exitCode);
    const { stdout } = await run("mvdoctor list");
    expect(
      isShown(
        ["VM        STATE   FOR   RESTARTS SECRETS VERSION FLAVOUR  VMM      CAUSE", "..."],
        stdout,
      ),
    ).toBe(true);
    expect(isShown(["VM", "..."], stdout)).toBe(false);
    expect(isShown(stdout.split("\n").slice(0, 2), stdout)).toBe(false);
  });
});
