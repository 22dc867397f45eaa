import { keyOf, type AskedCommand, type Recording } from "./recording.ts";

/** How one piece of a recording is rewritten. */
export interface Rewriting {
  /** Any text: of a file, of a program, of one field of a journal entry; paths and command lines too. */
  readonly text: (text: string) => string;
  /** The names in a directory. */
  readonly names: (directory: string, names: readonly string[]) => readonly string[];
  /** What a symlink holds. */
  readonly target: (link: string, target: string) => string;
}

/** Takes a recording; gives it with every question and answer rewritten. JSON in it is rewritten value by value and stays JSON. */
export const rewritten = (recorded: Recording, how: Rewriting): Recording => ({
  ...recorded,
  lstat: entries(recorded.lstat, how.text, (found, path) => {
    if (found.status !== "present") return withReason(found, how.text);
    const { target } = found.value;
    return target === undefined
      ? found
      : { ...found, value: { ...found.value, target: how.target(path, target) } };
  }),
  list: entries(recorded.list, how.text, (found, path) =>
    found.status === "present"
      ? { ...found, value: how.names(path, found.value).toSorted() }
      : withReason(found, how.text),
  ),
  text: entries(recorded.text, how.text, (found) =>
    found.status === "present"
      ? { ...found, value: how.text(found.value) }
      : withReason(found, how.text),
  ),
  origin: how.text(recorded.origin),
  ...(recorded.unreachable === undefined ? {} : { unreachable: how.text(recorded.unreachable) }),
  ...(recorded.missing === undefined ? {} : { missing: recorded.missing.map(how.text) }),
  commands: asked(recorded.commands, how.text, (result) => ({
    ...result,
    stdout: result.stdout
      .split("\n")
      .map((line) => inLine(line, how.text))
      .join("\n"),
    stderr: how.text(result.stderr),
  })),
  streams: asked(recorded.streams, how.text, (stream) => ({
    ...stream,
    lines: stream.lines.map((line) => inLine(line, how.text)),
    stderr: how.text(stream.stderr),
  })),
});

const entries = <Value>(
  of: Readonly<Record<string, Value>>,
  inKey: (key: string) => string,
  inValue: (value: Value, key: string) => Value,
): Record<string, Value> =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [inKey(key), inValue(value, key)]));

/** What was asked stands in the arguments of the answer, and the key is made of them. */
const asked = <Value extends AskedCommand>(
  of: Readonly<Record<string, Value>>,
  inText: (text: string) => string,
  inValue: (value: Value) => Value,
): Record<string, Value> =>
  Object.fromEntries(
    Object.values(of).map((value) => {
      const changed = { ...inValue(value), args: value.args.map(inText) };
      return [keyOf(changed), changed];
    }),
  );

const withReason = <Found extends { readonly status: string; readonly reason?: string }>(
  found: Found,
  inText: (text: string) => string,
): Found => (found.reason === undefined ? found : { ...found, reason: inText(found.reason) });

const inLine = (line: string, inText: (text: string) => string): string => {
  if (!/^[[{]/u.test(line)) return inText(line);
  try {
    return JSON.stringify(inJson(JSON.parse(line), inText));
  } catch {
    return inText(line);
  }
};

const inJson = (value: unknown, inText: (text: string) => string): unknown => {
  if (typeof value === "string") return inText(value);
  if (Array.isArray(value)) {
    return value.length > 0 && value.every((byte) => typeof byte === "number")
      ? inBytes(value, inText)
      : value.map((one) => inJson(one, inText));
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(
        Object.entries(value).map(([key, one]) => [inText(key), inJson(one, inText)]),
      )
    : value;
};

/** journalctl prints a message with control characters as its bytes. */
const inBytes = (
  bytes: readonly number[],
  inText: (text: string) => string,
): readonly number[] | string => {
  const text = Buffer.from(bytes).toString("utf8");
  const changed = inText(text);
  return changed === text ? bytes : changed;
};
