import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { requireTools } from "../support/requirements.ts";
import { runMvdoctor } from "../support/run-node.ts";

/** A port of this machine that nothing listens on. */
const closedPort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
};

describe.skipIf(!requireTools("ssh"))("a host that does not answer", async () => {
  const host = `ssh://nobody@127.0.0.1:${await closedPort()}`;

  it.for(["diagnose", "check"])("is nothing that %s calls well", (command) => {
    const { status, stdout } = runMvdoctor([command, "-H", host, "--json"]);
    expect(status).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ complete: false, vms: [] });
  });
});
