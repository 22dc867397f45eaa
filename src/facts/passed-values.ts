import type { FileRef } from "../evidence/reference.ts";
import type { PassedValue, Runner, SecretChannel } from "../evidence/runner.ts";

/** A value that a runner passes on, with the way and the line of its text. */
export interface Passed {
  readonly value: PassedValue;
  readonly channel: SecretChannel;
  readonly ref: FileRef;
}

/** Every value that stands in a runner's text or is put in at the start. */
export const passedValues = ({ channels }: Runner): readonly Passed[] =>
  channels.flatMap((channel): readonly Passed[] => {
    const values =
      "values" in channel
        ? (channel.values ?? [])
        : "value" in channel && channel.value !== undefined
          ? [channel.value]
          : [];
    return values.map((value) => ({ value, channel, ref: channel.ref }));
  });
