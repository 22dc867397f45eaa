import { element, text, type Xml } from "./xml.ts";

/** What came of one test. */
export type Result =
  | { readonly status: "passed" }
  | {
      readonly status: "failure" | "error";
      readonly type: string;
      readonly message: string;
      readonly words: string;
    }
  | { readonly status: "skipped"; readonly message: string };

export interface TestCase {
  readonly name: string;
  readonly result: Result;
  /** What else there is to tell, line by line. */
  readonly output: readonly string[];
}

export const caseElement = ({ name, result, output }: TestCase, suite: string): Xml =>
  element("testcase", { classname: suite, name }, [
    ...resultElement(result),
    ...(output.length === 0 ? [] : [element("system-out", {}, [text(output.join("\n"))])]),
  ]);

const resultElement = (result: Result): readonly Xml[] => {
  switch (result.status) {
    case "passed":
      return [];
    case "skipped":
      return [element("skipped", { message: result.message })];
    case "failure":
    case "error": {
      const { status, type, message, words } = result;
      return [element(status, { type, message }, [text(words)])];
    }
  }
};

/** The numbers that a suite has in its head. */
export const countsOf = (cases: readonly TestCase[]) => {
  const count = (wanted: Result["status"]): number =>
    cases.filter(({ result: { status } }) => status === wanted).length;
  return {
    tests: cases.length,
    failures: count("failure"),
    errors: count("error"),
    skipped: count("skipped"),
  };
};

/**
 * What could not be known is an error, unless the command ends with 0 all the same (`--fail-on never`): then nothing may be red, and it is
 * skipped.
 */
export const unknownResult = (
  type: string,
  messages: readonly string[],
  exitStatus: number,
): Result => {
  const [message = ""] = messages;
  return exitStatus === 0
    ? { status: "skipped", message: messages.join("; ") }
    : { status: "error", type, message, words: messages.join("\n") };
};
