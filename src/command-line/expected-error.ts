import type { FailureStatus } from "./exit-status.ts";

interface ExpectedErrorOptions {
  readonly exitCode: FailureStatus;
  /** What to do about it: one sentence, shown below the message. */
  readonly hint?: string;
  /** What `--json` shows next to code and message. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A failure that was foreseen: shown as one line, without a stack. The message starts in lower case and has no period. */
export class ExpectedError extends Error {
  override readonly name = "ExpectedError";
  readonly exitCode: FailureStatus;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, { exitCode, hint, details = {}, cause }: ExpectedErrorOptions) {
    super(message, { cause });
    this.exitCode = exitCode;
    this.hint = hint;
    this.details = details;
  }
}
