import { describe, expect, it } from "vitest";
import { readRunnerScript } from "../../src/collectors/runner-script.ts";
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
});
