import type { CommandEnd } from "../host.ts";
import { commandEnd, failed } from "./command-end.ts";
import type { Marks } from "./shell-script.ts";

/** What one command came to, with its output in bytes. */
export interface RemoteAnswer extends CommandEnd {
  readonly stdout: Buffer;
}

/** Cuts what `count` commands wrote at the marks behind each. One without a mark was cut off at the limit of all. */
export const answersIn = (
  marks: Marks,
  {
    output,
    errors,
    count,
  }: { readonly output: Buffer; readonly errors: string; readonly count: number },
): readonly RemoteAnswer[] => {
  const complaints = errors.split(marks.endedErrors);
  let rest = output;
  return Array.from({ length: count }, (_, index) => {
    const stderr = complaints[index] ?? "";
    const at = rest.indexOf(marks.ended);
    if (at < 0) {
      const stdout = rest;
      rest = NOTHING;
      return { ...failed("too-much-output", stderr), stdout };
    }
    const stdout = rest.subarray(0, at);
    const end = rest.indexOf("\n", at + marks.ended.length);
    const status = Number(rest.toString("latin1", at + marks.ended.length, end));
    rest = rest.subarray(end + 1);
    return { ...commandEnd(status, stderr), stdout };
  });
};

export const NOTHING: Buffer = Buffer.alloc(0);
