import { describe, expect, it } from "vitest";
import { readRunnerScript } from "../../src/collectors/runner-script.ts";
import { mask } from "../../src/host/redaction.ts";
import { hostPath } from "../../src/vocabulary.ts";

const read = (...lines: readonly string[]) =>
  readRunnerScript(
    hostPath("/nix/store/x"),
    ["#!/bin/bash", "set -eou pipefail", ...lines].join("\n"),
  );

const EXEC = "exec -a microvm@demo /nix/store/x/bin/cloud-hypervisor";

describe("a runner script", () => {
  it("that only reports readiness has no way for a secret", () => {
    const found = read(
      `${EXEC} --platform 'oem_strings=[io.systemd.credential:vmm.notify_socket=vsock-stream:2:8888]'`,
    );
    expect(found).toMatchObject({
      hypervisor: "cloud-hypervisor",
      channels: [],
      reads: [],
      notifies: true,
    });
  });

  it("tells strings put together at run time from ones that were fixed when it was built", () => {
    const runtime = read(`X="io.systemd.credential:API_KEY=$API_KEY"`, `${EXEC} --platform "$X"`);
    expect(runtime.channels.map(({ kind }) => kind)).toEqual(["oem-runtime"]);
    const literal = read(
      `${EXEC} --platform 'oem_strings=[io.systemd.credential:API_KEY=$(cat /x)]'`,
    );
    expect(literal.channels).toMatchObject([{ kind: "oem-literal", names: ["API_KEY"] }]);
  });

  it("hands QEMU a file by fw_cfg, doubled commas undone", () => {
    const found = read(
      "exec -a microvm@demo /nix/store/x/bin/qemu-system-x86_64 -fw_cfg 'name=opt/io.systemd.credentials/TOKEN,file=/run/secrets/a,,b'",
    );
    expect(found.hypervisor).toBe("qemu");
    expect(found.channels).toMatchObject([
      { kind: "fw-cfg-file", name: "TOKEN", path: "/run/secrets/a,b" },
    ]);
  });

  it("reads a secret itself, also through a variable that holds the directory", () => {
    const found = read("DIR=/run/secrets/demo", 'KEY=$(cat "$DIR/api-key" | tr -d "\\n")');
    expect(found.reads).toMatchObject([
      { path: "/run/secrets/demo/api-key", errorSwallowed: false },
    ]);
  });

  it.each([
    ["a plain assignment ends the script", "KEY=$(cat /run/secrets/k)", false],
    ["export hides the failure", "export KEY=$(cat /run/secrets/k)", true],
    ["local hides the failure", "local KEY=$(cat /run/secrets/k)", true],
    ["|| catches it", "KEY=$(cat /run/secrets/k || true)", true],
    ["inside another command's words it is lost", "run --key=$(cat /run/secrets/k)", true],
  ])("on a failed read: %s", (_, line, swallowed) => {
    expect(read(line).reads.map(({ errorSwallowed }) => errorSwallowed)).toEqual([swallowed]);
  });

  it("takes credentials by their ids, or whatever lies in the directory", () => {
    const byId = read('K=$(cat "$CREDENTIALS_DIRECTORY/api-key")').credentialsDirectory;
    expect(byId?.ids).toEqual(["api-key"]);
    const all = read('for f in "$CREDENTIALS_DIRECTORY"/*; do :; done').credentialsDirectory;
    expect(all?.ids).toEqual([]);
  });

  it("in its comments says nothing", () => {
    expect(read("# cat /run/secrets/k and CREDENTIALS_DIRECTORY")).toMatchObject({
      reads: [],
      channels: [],
    });
  });

  const QEMU =
    "exec -a microvm@demo /nix/store/x/bin/qemu-system-x86_64 -M 'microvm,accel=kvm:tcg'";
  const masked = (...lines: readonly string[]) => read(...lines.map((line) => mask(line, "file")));
  const valuesOf = (found: ReturnType<typeof read>) =>
    found.channels.flatMap((channel) => ("values" in channel ? (channel.values ?? []) : []));

  it("names QEMU's machine", () => {
    expect(read(QEMU).machine).toBe("microvm");
    expect(read("qemu-system-x86_64 -machine type=q35,accel=kvm").machine).toBe("q35");
    expect(read(EXEC).machine).toBeUndefined();
  });

  it("that joins two credentials into one argument hands over the last one", () => {
    const found = read(
      `${QEMU} -fw_cfg 'name=opt/io.systemd.credentials/A,file=/run/a,name=opt/io.systemd.credentials/B,file=/run/b'`,
    );
    expect(found.channels).toMatchObject([
      { name: "A", overridden: true },
      { name: "B", path: "/run/b" },
    ]);
    expect(found.channels[1]).not.toHaveProperty("overridden");
  });

  it("that gives each credential an argument of its own hands over both", () => {
    const found = read(
      `${QEMU} -fw_cfg name=opt/io.systemd.credentials/A,file=/run/a -fw_cfg name=opt/io.systemd.credentials/B,file=/run/b`,
    );
    expect(found.channels.map((channel) => "overridden" in channel)).toEqual([false, false]);
  });

  it.each([
    ["fixed", `'oem_strings=[io.systemd.credential:A=hunter2hunter2]'`, "literal", 14],
    [
      "a command in single quotes",
      `'oem_strings=[io.systemd.credential:A=$(cat /run/x)]'`,
      "unexpanded",
      13,
    ],
    [
      "an escaped command",
      `"oem_strings=[io.systemd.credential:A=\\$(cat /run/x)]"`,
      "unexpanded",
      13,
    ],
    [
      "a variable in single quotes",
      `'oem_strings=[io.systemd.credential:A=$API_KEY,b]'`,
      "unexpanded",
      8,
    ],
    ["a command", `"oem_strings=[io.systemd.credential:A=$(cat "/run/x")]"`, "expanded", undefined],
    ["nothing", `"oem_strings=[io.systemd.credential:A=]"`, "empty", 0],
    [
      "a place of printf",
      `"$(printf 'oem_strings=[io.systemd.credential:A=%s]' "$X")"`,
      "expanded",
      undefined,
    ],
  ])("tells what a value is: %s", (_, words, form, bytes) => {
    expect(valuesOf(masked(`${EXEC} --platform ${words}`))).toMatchObject([
      { name: "A", form, ...(bytes === undefined ? {} : { bytes }) },
    ]);
  });

  it("that another shell reads once more is no literal", () => {
    const found = read(
      `bash -c 'exec chv --platform "oem_strings=[io.systemd.credential:A=$KEY]"'`,
    );
    expect(valuesOf(found)).toMatchObject([{ form: "expanded" }]);
  });

  it("names the variables that nothing sets, and knows those that are fixed", () => {
    const value = `${EXEC} --platform "oem_strings=[io.systemd.credential:A=$API_KEY]"`;
    expect(valuesOf(masked(value))).toMatchObject([{ form: "expanded", unset: ["API_KEY"] }]);
    expect(valuesOf(masked("API_KEY=$(cat /run/x)", value))).toMatchObject([{ unset: [] }]);
    expect(valuesOf(masked("read -r API_KEY < /run/x", value))).toMatchObject([{ unset: [] }]);
    expect(valuesOf(masked(". /run/env", value))).toMatchObject([{ unset: [] }]);
    const fixed = masked("API_KEY=hunter2hunter2", value);
    expect(valuesOf(fixed)).toMatchObject([{ form: "literal", bytes: 14 }]);
    expect(fixed.channels.map(({ kind }) => kind)).toEqual(["oem-runtime"]);
  });

  it("that quotes the name of a credential's file hands over a name that is no file", () => {
    const found = read(
      `${QEMU} -fw_cfg 'name=opt/io.systemd.credentials/A,file=$CREDENTIALS_DIRECTORY/a'`,
    );
    expect(found.channels).toMatchObject([
      { kind: "fw-cfg-string", name: "A", value: { form: "unexpanded" } },
    ]);
    expect(found.credentialsDirectory).toBeUndefined();
  });

  it("finds what stands on continued lines, each at its own", () => {
    const found = read(
      "exec /nix/store/x/bin/cloud-hypervisor \\",
      '  --platform "oem_strings=[io.systemd.credential:A=$(cat "$CREDENTIALS_DIRECTORY/a")]" \\',
      "  --console null",
    );
    expect(found.hypervisor).toBe("cloud-hypervisor");
    expect(found.channels).toMatchObject([{ kind: "oem-runtime", names: ["A"], ref: { line: 4 } }]);
    expect(found.platforms?.map(({ line }) => line)).toEqual([4]);
  });

  it("counts the --platform that it gives and prints, not the one that it looks for", () => {
    const found = read(
      `${EXEC} --platform '' --memory size=1M --platform "oem_strings=[$X]"`,
      'if [ "$1" = --platform ]; then :; fi',
    );
    expect(found.platforms).toHaveLength(2);
  });

  it.each([
    ["in another program's arguments", 'curl -H "Authorization: $(cat /run/secrets/t)" x', true],
    ["in a nested one", 'X=$(curl -H "A: $(< /run/secrets/t)" x)', true],
    ["behind another command", 'true; curl --key "$(cat /run/secrets/t)"', true],
    ["by exec under another name", 'exec -a vm /bin/vmm --key "$(cat /run/secrets/t)"', true],
    ["in an assignment", "X=$(cat /run/secrets/t)", false],
    ["by a builtin", 'echo "x=$(cat /run/secrets/t)" > env', false],
    ["in a test", '[ -n "$(cat /run/secrets/t)" ]', false],
    ["in single quotes", "curl 'A: $(cat /run/secrets/t)'", false],
  ])("says whether a value becomes an argument: %s", (_, line, asArgument) => {
    expect(read(line).reads.some((one) => one.asArgument === true)).toBe(asArgument);
  });

  it.each([
    ["the last of two substitutions counts", 'X="$(cat /run/secrets/k)$(date)"', true],
    ["an assignment in front of a command", "X=$(cat /run/secrets/k) run", true],
    ["a condition", "if X=$(cat /run/secrets/k); then :; fi", true],
    ["one substitution inside of words", 'X="a=$(cat /run/secrets/k)"', false],
  ])("on a failed read: %s", (_, line, swallowed) => {
    expect(read(line).reads.map(({ errorSwallowed }) => errorSwallowed)).toEqual([swallowed]);
  });

  it("loses the failure of a pipe without pipefail", () => {
    const found = readRunnerScript(
      hostPath("/nix/store/x"),
      "#!/bin/bash -e\nX=$(cat /run/secrets/k | tr -d '\\n')",
    );
    expect(found.reads).toMatchObject([{ errorSwallowed: true }]);
  });
});
