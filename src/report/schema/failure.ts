import * as v from "valibot";
import { list, oneOf, text } from "./pieces.ts";

export const failure = v.object({
  error: v.pipe(
    v.object({
      code: oneOf(
        ["wrong-usage", "incomplete", "no-such-vm", "bad-bundle", "bug"],
        "What went wrong; each has its own exit status.",
      ),
      message: text("One line."),
      hint: v.exactOptional(text("What to do about it.")),
      vm: v.exactOptional(text("The VM that is not there.")),
      known: v.exactOptional(list(v.string(), "The VMs that were found.")),
      file: v.exactOptional(text("The file that could not be written.")),
    }),
    v.title("A failure"),
  ),
});
