import type { Micros } from "../vocabulary.ts";
import type { Command, Host } from "./host.ts";

/** The first and the last entry that a window of a journal can hold. */
export interface JournalSpan {
  readonly first: Micros;
  readonly last: Micros;
}

/** A question that a host is being asked. */
export interface Question {
  readonly command: Command;
  /** The host, as people are shown it. */
  readonly origin: string;
  /** Which times its journal has, where that is known by now. */
  readonly span: JournalSpan | undefined;
}

/** Hears how an answer comes in. */
export interface AnswerListener {
  /** Some more entries of a journal were read, the last of them of this time; once for each batch. */
  readonly read: (entries: number, last: Micros | undefined) => void;
  readonly ended: () => void;
}

/** Hears of each question when it is put. What it does with that must cost nothing: journals of a million entries pass by. */
export type QuestionListener = (question: Question) => AnswerListener;

/** A host whose questions somebody hears of, and how to tell them which times its journal has. */
export const heardHost = (
  host: Host,
  listener: QuestionListener,
): { readonly host: Host; readonly spans: (span: JournalSpan | undefined) => void } => {
  let span: JournalSpan | undefined;
  const asked = (command: Command): AnswerListener =>
    listener({ command, origin: host.origin, span });
  return {
    spans(known) {
      span = known;
    },
    host: {
      ...host,
      async run(command) {
        const { ended } = asked(command);
        try {
          return await host.run(command);
        } finally {
          ended();
        }
      },
      stream(command) {
        const { read, ended } = asked(command);
        const stream = host.stream(command);
        return { ...stream, read, end: stream.end.finally(ended) };
      },
    },
  };
};
