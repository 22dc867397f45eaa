import type { Host } from "../../src/host/host.ts";
import { LOOKUP_FAULTS, PROGRAM_FAULTS } from "./faults.ts";
import { kindOf } from "./fault-complaints.ts";
import { commandLine, type Fault } from "./faulty-host.ts";

/** The host, with every question that it is asked. */
export const listened = (
  host: Host,
): {
  readonly host: Host;
  readonly paths: ReadonlySet<string>;
  readonly commands: ReadonlySet<string>;
} => {
  const paths = new Set<string>();
  const commands = new Set<string>();
  return {
    paths,
    commands,
    host: {
      ...host,
      lstat: (path) => {
        paths.add(path);
        return host.lstat(path);
      },
      list: (path) => {
        paths.add(path);
        return host.list(path);
      },
      readText: (path) => {
        paths.add(path);
        return host.readText(path);
      },
      run: (command) => {
        commands.add(commandLine(command));
        return host.run(command);
      },
      stream: (command) => {
        commands.add(commandLine(command));
        return host.stream(command);
      },
    },
  };
};

/** Every fault of every question. */
export const faultsOf = (
  paths: ReadonlySet<string>,
  commands: ReadonlySet<string>,
): readonly Fault[] => [
  ...[...paths].flatMap((path) =>
    keysOf(LOOKUP_FAULTS).map((fault): Fault => ({ kind: "lookup", path, fault })),
  ),
  ...[...commands].flatMap((command) =>
    keysOf(PROGRAM_FAULTS).map((fault): Fault => ({ kind: "program", command, fault })),
  ),
];

/** One of each kind of question and of fault, of those that were not taken before. */
export const representatives = (faults: readonly Fault[], taken: Set<string>): readonly Fault[] =>
  faults.filter((fault) => {
    const key = `${kindOf(fault).name}: ${fault.fault}`;
    if (taken.has(key)) return false;
    taken.add(key);
    return true;
  });

const keysOf = <Key extends string>(table: Readonly<Record<Key, unknown>>): readonly Key[] =>
  Object.keys(table) as Key[];
