import type { Refusal } from "../requests/request.ts";
import { EXIT } from "./exit-status.ts";
import { ExpectedError } from "./expected-error.ts";

/** The error that a refusal ends a command with: one line, what to do about it, and its exit status. */
export const refusal = (answer: Refusal): ExpectedError => {
  switch (answer.status) {
    case "no-such-vm":
      return new ExpectedError(`there is no VM ${answer.vm}`, {
        exitCode: EXIT.unknownVm,
        hint:
          answer.known.length === 0
            ? "no VM was found at all"
            : `the VMs found are ${answer.known.join(", ")}`,
        details: { vm: answer.vm, known: answer.known },
      });
    case "wrong-usage":
      return new ExpectedError(answer.message, {
        exitCode: EXIT.usage,
        ...(answer.hint === undefined ? {} : { hint: answer.hint }),
      });
    case "bad-bundle":
      return new ExpectedError(answer.message, {
        exitCode: EXIT.badBundle,
        hint: "take the bundle again, or use the version of mvdoctor that wrote it",
      });
  }
};
