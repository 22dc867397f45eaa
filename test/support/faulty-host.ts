import type { Command, CommandResult, Host } from "../../src/host/host.ts";
import {
  LOOKUP_FAULTS,
  PROGRAM_FAULTS,
  type LookupFault,
  type ProgramFaultName,
} from "./faults.ts";

/** One answer of a host that goes wrong, in one way. */
export type Fault =
  | { readonly kind: "lookup"; readonly path: string; readonly fault: LookupFault }
  | { readonly kind: "program"; readonly command: string; readonly fault: ProgramFaultName };

export const commandLine = ({ program, args }: Command): string => [program, ...args].join(" ");

/** The host, of which the answers that the fault is about go wrong. */
export const withFault = (host: Host, fault: Fault): Host =>
  fault.kind === "lookup"
    ? withoutPath(host, fault.path, fault.fault)
    : withProgram(host, fault.command, fault.fault);

const withoutPath = (host: Host, lost: string, fault: LookupFault): Host => {
  const instead = LOOKUP_FAULTS[fault];
  return {
    ...host,
    lstat: async (path) => (path === lost ? instead : host.lstat(path)),
    list: async (path) => (path === lost ? instead : host.list(path)),
    readText: async (path) => (path === lost ? instead : host.readText(path)),
  };
};

const withProgram = (host: Host, asked: string, fault: ProgramFaultName): Host => {
  const change = PROGRAM_FAULTS[fault];
  return {
    ...host,
    run: async (command) => {
      const whole = await host.run(command);
      return commandLine(command) === asked ? change(whole) : whole;
    },
    stream: (command) => {
      if (commandLine(command) !== asked) return host.stream(command);
      const changed = wholeOf(host, command).then(change);
      return { lines: linesOf(changed), end: changed };
    },
  };
};

const wholeOf = async (host: Host, command: Command): Promise<CommandResult> => {
  const { lines, end } = host.stream(command);
  const kept: Buffer[] = [];
  for await (const line of lines) kept.push(line, Buffer.from("\n"));
  return { ...(await end), stdout: Buffer.concat(kept).toString("utf8") };
};

async function* linesOf(changed: Promise<CommandResult>): AsyncGenerator<Buffer> {
  const { stdout } = await changed;
  if (stdout !== "")
    for (const line of stdout.replace(/\n$/u, "").split("\n")) yield Buffer.from(line);
}
