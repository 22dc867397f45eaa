import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { requireTools } from "./requirements.ts";

const GATEWAYD = "/lib/systemd/systemd-journal-gatewayd";

/** Whether a real gateway can be run. */
export const canServeJournals = requireTools(
  "journalctl",
  "systemd-journal-remote",
  "systemd-journal-gatewayd",
  "systemd-socket-activate",
);

export interface Gateway {
  readonly url: string;
  stop(): void;
}

/** Runs a systemd-journal-gatewayd over a directory of journals, on the loopback. It takes no port of its own, so it is activated. */
export const serveJournals = async (directory: string): Promise<Gateway> => {
  const port = await freePort();
  const gatewayd: ChildProcess = spawn(
    "systemd-socket-activate",
    ["-l", `127.0.0.1:${port}`, GATEWAYD, `--directory=${directory}`],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  // It says that it listens before it takes the first connection.
  if (gatewayd.stderr !== null) await once(gatewayd.stderr, "data");
  gatewayd.stderr?.resume();
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => {
      gatewayd.kill();
    },
  };
};

/** A port of the loopback that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
};
