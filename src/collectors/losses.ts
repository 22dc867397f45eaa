import type { Shortfall } from "../evidence/coverage.ts";
import type { CommandEnd, Host, Lookup } from "../host/host.ts";
import { hasFailed } from "../host/present-values.ts";
import { isRefusedByRule } from "../host/readable.ts";

/** A question that a host did not answer. */
export interface Loss {
  /** A path, or the name of a program. */
  readonly what: string;
  readonly why: string;
  readonly kind: Shortfall;
}

export interface LossWatch {
  /** Passes every question on. */
  readonly host: Host;
  /** What was lost so far, each once, in bytewise order. */
  readonly losses: () => readonly Loss[];
}

/**
 * Notes what a host does not answer, whatever a collector makes of it. Not noted: that nothing is there, what the rules of
 * src/host/readable.ts keep closed, and what a host of this kind cannot be asked at all.
 */
export const watchLosses = (host: Host): LossWatch => {
  const lost = new Map<string, Loss>();
  const note = (what: string, loss: Omit<Loss, "what"> | undefined): void => {
    if (loss !== undefined && !lost.has(what)) lost.set(what, { what, ...loss });
  };
  const noted = async <T>(path: string, answer: Promise<Lookup<T>>): Promise<Lookup<T>> => {
    const found = await answer;
    note(path, lossOf(found));
    return found;
  };
  return {
    losses: () => [...lost.values()].toSorted((a, b) => (a.what < b.what ? -1 : 1)),
    host: {
      ...host,
      lstat: (path) => noted(path, host.lstat(path)),
      list: (path) => noted(path, host.list(path)),
      readText: (path) => noted(path, host.readText(path)),
      async run(command) {
        const result = await host.run(command);
        note(command.program, lossOfCommand(command.program, result));
        return result;
      },
      stream(command) {
        const stream = host.stream(command);
        const watched = stream.end.then((ended) => {
          note(command.program, lossOfCommand(command.program, ended));
          return ended;
        });
        return { ...stream, end: watched };
      },
    },
  };
};

/** Why a lookup tells nothing; `undefined` where it tells something, or where a rule of ours keeps the file closed. */
export const lossOf = (found: Lookup<unknown>): Omit<Loss, "what"> | undefined => {
  switch (found.status) {
    case "present":
    case "absent":
      return undefined;
    case "denied":
      return { why: "not with these rights", kind: "rights" };
    case "loop":
      return { why: "its links lead round in a circle", kind: "damage" };
    case "refused":
      return isRefusedByRule(found.reason)
        ? undefined
        : {
            why: found.reason,
            kind: /interrupted|in time/u.test(found.reason) ? "limit" : "not-kept",
          };
  }
};

/** Why a lookup tells nothing, whoever keeps it closed. */
export const whyLost = (found: Lookup<unknown>): string =>
  lossOf(found)?.why ?? (found.status === "refused" ? found.reason : "it is not there");

/** Programs other than journalctl have an exit status of their own for "some of it": who asks them looks at it. */
const lossOfCommand = (program: string, end: CommandEnd): Omit<Loss, "what"> | undefined => {
  if (end.failure === "not-possible") return undefined;
  const isLost =
    program === "journalctl" ? hasFailed(end) : end.failure !== undefined || end.exitCode === null;
  return isLost ? { why: whyNoAnswer(program, end), kind: kindOf(end) } : undefined;
};

const kindOf = ({ failure, exitCode }: CommandEnd): Shortfall => {
  if (failure === undefined) return exitCode === null ? "limit" : "not-kept";
  switch (failure) {
    case "timed-out":
    case "too-much-output":
    case "interrupted":
      return "limit";
    case "not-installed":
    case "not-possible":
      return "not-kept";
  }
};

/** Why a program gave no answer, or not all of it, in words that name it. */
export const whyNoAnswer = (program: string, { failure, exitCode, stderr }: CommandEnd): string => {
  const words = firstLine(stderr);
  if (failure === undefined)
    return exitCode === null
      ? `${program} was ended by a signal`
      : (words ?? `${program} ended with status ${exitCode}`);
  switch (failure) {
    case "not-installed":
      return `${program} is not on the path`;
    case "timed-out":
      return words ?? `${program} did not answer in time`;
    case "too-much-output":
      return `${program} printed too much and was ended`;
    case "interrupted":
      return `asking ${program} was interrupted`;
    case "not-possible":
      return words ?? `${program} could not be asked`;
  }
};

const firstLine = (text: string): string | undefined =>
  text
    .split("\n")
    .map((line) => line.trim())
    .find((line) => line !== "");
