import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { requireTools } from "../support/requirements.ts";
import { REPOSITORY, runMvdoctor } from "../support/run-node.ts";

const BUNDLE = join(REPOSITORY, "fixtures/incidents/secret-never-loaded/evidence.mvb");
const VMS = ["app-vm-02", "plain-vm", "test-vm"];

const place = mkdtempSync(join(tmpdir(), "mvdoctor-completion-"));
const calls = join(place, "calls");

beforeAll(() => {
  for (const shell of ["bash", "fish", "zsh"]) {
    const { status, stdout } = runMvdoctor(["completion", shell]);
    expect(status).toBe(0);
    writeFileSync(join(place, `completion.${shell}`), stdout);
  }
  // The program on the path, which keeps a note of how it was called.
  const program = join(place, "mvdoctor");
  const { execPath } = process;
  writeFileSync(
    program,
    `#!/bin/sh\necho "$*" >> '${calls}'\nexec '${execPath}' '${join(REPOSITORY, "dist/bin.js")}' "$@"\n`,
  );
  chmodSync(program, 0o755);
});
beforeEach(() => {
  writeFileSync(calls, "");
});
afterAll(() => {
  rmSync(place, { recursive: true });
});

const inShell = async (shell: string, ...args: readonly string[]): Promise<string> => {
  const { stdout, stderr } = await execa(shell, args, {
    cwd: place,
    env: { PATH: `${place}:${process.env["PATH"] ?? ""}`, HOME: place, TERM: "dumb" },
    stdin: "ignore",
  });
  expect(stderr).toBe("");
  return stdout;
};

/** What bash would offer for the last of these words, which are split as readline does: "=" is one. */
const bash = async (...words: readonly string[]): Promise<readonly string[]> => {
  const script = `
    source ./completion.bash
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _mvdoctor
    printf '%s\\n' "\${COMPREPLY[@]}"
  `;
  const stdout = await inShell("bash", "--norc", "-c", script, "bash", ...words);
  return stdout.split("\n").filter((word) => word !== "");
};

/** What fish would offer at the end of the line, without its descriptions. */
const fish = async (line: string): Promise<readonly string[]> => {
  const stdout = await inShell(
    ...(["fish", "--no-config", "-c"] as const),
    `source ./completion.fish; complete -C ${JSON.stringify(line).replaceAll("$", "\\$")}`,
  );
  return stdout.split("\n").flatMap((offer) => offer.split("\t")[0] ?? []);
};

/** Each line as a running zsh has it after the completion key. */
const zsh = async (...lines: readonly string[]): Promise<readonly string[]> => {
  const script = `
    rm -f lines
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "
      autoload -Uz compinit; compinit -u -d $PWD/zcompdump
      source ./completion.zsh
      keep() { print -r -- \\"\\$BUFFER\\" >> $PWD/lines; BUFFER= }
      zle -N keep; bindkey '^Xk' keep
      : > $PWD/lines
    "
    while ! [[ -e lines ]] { sleep 0.1 }
    for line; do zpty -w -n shell "$line"$'\\t\\x18k'; done
    for wait in {1..200}; do
      (( $(wc -l < lines) < $# )) || break
      sleep 0.1
      zpty -r -t shell output
    done
    zpty -d shell
  `;
  await inShell("zsh", "-f", "-c", script, "zsh", ...lines);
  return readFileSync(join(place, "lines"), "utf8").split("\n").slice(0, -1);
};

describe("the names of VMs alone", () => {
  it("are one a line, and of every VM", () => {
    const names = ["list", "--names", "--bundle", BUNDLE];
    const stdout = `${VMS.join("\n")}\n`;
    expect(runMvdoctor(names)).toEqual({ status: 0, stdout, stderr: "" });
    expect(runMvdoctor([...names, "test-vm"])).toMatchObject({ status: 2, stdout: "" });
  });

  it("end with 3 where not all places of names could be looked at", () => {
    mkdirSync(join(place, "host/var/lib"), { recursive: true });
    symlinkSync("microvms", join(place, "host/var/lib/microvms"));
    const root = join(place, "host");
    const { status, stdout, stderr } = runMvdoctor(["list", "--names", "--root", root]);
    expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
    expect(stderr).toBe("mvdoctor: /var/lib/microvms could not be listed\n");
  });
});

describe.skipIf(!requireTools("bash"))("bash", () => {
  it("completes commands", async () => {
    expect(await bash("mvdoctor", "d")).toEqual(["diagnose"]);
    expect(await bash("mvdoctor", "help", "ti")).toEqual(["timeline"]);
  });

  it("completes flags, their values, and words behind an equals sign", async () => {
    expect(await bash("mvdoctor", "diagnose", "--show")).toEqual(["--show-skipped"]);
    expect(await bash("mvdoctor", "diagnose", "-o", "m")).toEqual(["markdown"]);
    expect(await bash("mvdoctor", "diagnose", "--fail-on", "=", "n")).toEqual(["never"]);
    expect(await bash("mvdoctor", "diagnose", "--fail-on", "=")).toContain("critical");
    expect(await bash("mvdoctor", "report", "--redact", "hosts,us")).toEqual(["hosts,users"]);
    expect(await bash("mvdoctor", "completion", "z")).toEqual(["zsh"]);
    expect(await bash("mvdoctor", "verify", "completion.b")).toEqual(["completion.bash"]);
  });

  it("completes rules", async () => {
    expect(await bash("mvdoctor", "explain", "access/file")).toEqual(["access/file-mode"]);
  });

  it("completes the VMs of the evidence that the line names", async () => {
    expect(await bash("mvdoctor", "diagnose", "--bundle", BUNDLE, "")).toEqual(VMS);
    expect(await bash("mvdoctor", "check", "--bundle", "=", BUNDLE, "t")).toEqual(["test-vm"]);
    expect(readFileSync(calls, "utf8")).toContain(`list --names --bundle ${BUNDLE}`);
  });

  it("is silent where nothing can be read, and connects to nobody", async () => {
    expect(await bash("mvdoctor", "diagnose", "--bundle", "no-such-bundle", "t")).toEqual([]);
    writeFileSync(calls, "");
    expect(await bash("mvdoctor", "diagnose", "-H", "root@one", "t")).toEqual([]);
    expect(readFileSync(calls, "utf8")).toBe("");
  });

  it("takes no name of a VM for anything but a name", async () => {
    writeFileSync(join(place, "evil"), `#!/bin/sh\nprintf '%s\\n' 'a$(touch was-here)' 'a b'\n`);
    chmodSync(join(place, "evil"), 0o755);
    expect(await bash("./evil", "diagnose", "a")).toEqual([
      String.raw`a\$\(touch\ was-here\)`,
      String.raw`a\ b`,
    ]);
    expect(await inShell("ls")).not.toContain("was-here");
  });
});

describe.skipIf(!requireTools("fish"))("fish", () => {
  it("completes commands and flags with what they are for", async () => {
    expect(await fish("mvdoctor dia")).toEqual(["diagnose"]);
    expect(await fish("mvdoctor diagnose --show")).toEqual(["--show-skipped"]);
    expect(await fish("mvdoctor diagnose -o m")).toEqual(["markdown"]);
    expect(await fish("mvdoctor report --redact hosts,us")).toEqual(["hosts,users"]);
    expect(await fish("mvdoctor verify completion.b")).toEqual(["completion.bash"]);
  });

  it("completes rules, and the VMs of the evidence that the line names", async () => {
    expect(await fish("mvdoctor explain access/file")).toEqual(["access/file-mode"]);
    expect(await fish(`mvdoctor diagnose --bundle ${BUNDLE} `)).toEqual(VMS);
    expect(await fish(`mvdoctor check --bundle=${BUNDLE} t`)).toEqual(["test-vm"]);
  });

  it("is silent where nothing can be read, and connects to nobody", async () => {
    expect(await fish("mvdoctor diagnose --bundle no-such-bundle t")).toEqual([""]);
    writeFileSync(calls, "");
    expect(await fish("mvdoctor diagnose --host=root@one t")).toEqual([""]);
    expect(readFileSync(calls, "utf8")).toBe("");
  });
});

describe.skipIf(!requireTools("zsh"))("zsh", () => {
  it("completes commands, flags, values, files, rules and VMs", async () => {
    const completed = {
      "mvdoctor dia": "mvdoctor diagnose ",
      "mvdoctor help ti": "mvdoctor help timeline ",
      "mvdoctor diagnose --show": "mvdoctor diagnose --show-skipped ",
      "mvdoctor diagnose -o m": "mvdoctor diagnose -o markdown ",
      "mvdoctor diagnose --fail-on=n": "mvdoctor diagnose --fail-on=never ",
      "mvdoctor report --redact hosts,us": "mvdoctor report --redact hosts,users,",
      "mvdoctor explain access/file": "mvdoctor explain access/file-mode ",
      "mvdoctor verify completion.b": "mvdoctor verify completion.bash ",
      [`mvdoctor diagnose --bundle ${BUNDLE} t`]: `mvdoctor diagnose --bundle ${BUNDLE} test-vm `,
      [`mvdoctor check --bundle=${BUNDLE} p`]: `mvdoctor check --bundle=${BUNDLE} plain-vm `,
    };
    expect(await zsh(...Object.keys(completed))).toEqual(Object.values(completed));
  });

  it("is silent where nothing can be read, and connects to nobody", async () => {
    const lines = [
      "mvdoctor diagnose --bundle no-such-bundle t",
      "mvdoctor diagnose -H root@one t",
    ];
    expect(await zsh(...lines)).toEqual(lines);
    expect(readFileSync(calls, "utf8")).not.toContain("root@one");
  });
});
