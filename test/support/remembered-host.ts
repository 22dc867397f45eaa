import type { Command, CommandEnd, CommandResult, Host } from "../../src/host/host.ts";

interface Streamed {
  readonly lines: readonly Buffer[];
  readonly end: CommandEnd;
}

/** A host that is asked each question once, and gives the same answer ever after: a thousand diagnoses cost as much as one. */
export const rememberedHost = (host: Host): Host => {
  const lstat = once((path: Parameters<Host["lstat"]>[0]) => host.lstat(path), String);
  const list = once((path: Parameters<Host["list"]>[0]) => host.list(path), String);
  const readText = once((path: Parameters<Host["readText"]>[0]) => host.readText(path), String);
  const run = once((command: Command): Promise<CommandResult> => host.run(command), keyOfWhole);
  const streamed = once((command: Command) => readWhole(host, command), keyOfWhole);
  return {
    ...host,
    lstat,
    list,
    readText,
    run,
    stream(command) {
      const whole = streamed(command);
      return { lines: linesOf(whole), end: whole.then(({ end }) => end) };
    },
  };
};

const once = <Question, Answer>(
  ask: (question: Question) => Promise<Answer>,
  keyFor: (question: Question) => string,
): ((question: Question) => Promise<Answer>) => {
  const known = new Map<string, Promise<Answer>>();
  return (question) => {
    const key = keyFor(question);
    const answer = known.get(key) ?? ask(question);
    known.set(key, answer);
    return answer;
  };
};

const keyOfWhole = ({ program, args }: Command): string => [program, ...args].join("\0");

const readWhole = async (host: Host, command: Command): Promise<Streamed> => {
  const { lines, end } = host.stream(command);
  const kept: Buffer[] = [];
  for await (const line of lines) kept.push(line);
  return { lines: kept, end: await end };
};

async function* linesOf(whole: Promise<Streamed>): AsyncGenerator<Buffer> {
  yield* (await whole).lines;
}
