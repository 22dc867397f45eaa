import type { Command, CommandResult, Host } from "../../src/host/host.ts";

/** A kind of evidence that nobody may look at. */
export interface Lost {
  readonly paths?: RegExp;
  readonly program?: Command["program"];
}

const REFUSED: CommandResult = {
  exitCode: null,
  stdout: "",
  stderr: "Permission denied",
  failure: "not-possible",
};

/** A host of which a part may not be looked at. */
export const without = (host: Host, { paths, program }: Lost): Host => ({
  ...host,
  lstat: async (path) => (paths?.test(path) === true ? { status: "denied" } : host.lstat(path)),
  list: async (path) => (paths?.test(path) === true ? { status: "denied" } : host.list(path)),
  readText: async (path) =>
    paths?.test(path) === true ? { status: "denied" } : host.readText(path),
  run: async (command) => (command.program === program ? REFUSED : host.run(command)),
  stream: (command) =>
    command.program === program
      ? { lines: nothing(), end: Promise.resolve(REFUSED) }
      : host.stream(command),
});

async function* nothing(): AsyncGenerator<Buffer> {}
