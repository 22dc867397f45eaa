import { constants } from "node:fs";
import { glob, open, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { answering } from "./journal-answer.ts";
import type { JournalReader } from "./journal-reader.ts";
import { localJournal } from "./local-journal.ts";
import { savedFormat } from "./saved-format.ts";
import { savedJournal, type SavedText } from "./saved-journal.ts";

/** What `--file` named: journal files, which journalctl reads, or texts saved of a journal, which are read here. */
export type OpenedFiles =
  | { readonly status: "opened"; readonly kind: "journals"; readonly files: readonly string[] }
  | { readonly status: "opened"; readonly kind: "texts"; readonly texts: readonly SavedText[] }
  | { readonly status: "wrong-usage"; readonly message: string; readonly hint: string };

/**
 * Opens what the patterns name (glob(7), and braces, as `journalctl --file` takes them). What a file is, its first bytes tell, never its
 * name. A pattern ending in `.journal` stands for `.journal~` too: so journald renames a file after an unclean shutdown.
 */
export const openJournalFiles = async (patterns: readonly string[]): Promise<OpenedFiles> => {
  const files = new Set<string>();
  for (const pattern of patterns) {
    const found = await filesOf(pattern);
    if (found.length === 0) {
      return {
        status: "wrong-usage",
        message: `--file ${pattern} names no file`,
        hint: "quote a pattern, so that the shell leaves it alone, and see whether you may look into its directory",
      };
    }
    for (const file of found) files.add(file);
  }
  const journals: string[] = [];
  const texts: SavedText[] = [];
  for (const file of [...files].toSorted()) {
    const content = await contentOf(file);
    switch (content.kind) {
      case "journal":
        journals.push(file);
        break;
      case "text":
        texts.push(content.text);
        break;
      case "unusable":
        return {
          status: "wrong-usage",
          message: `--file ${file} cannot be used: ${content.why}`,
          hint: "it takes journal files, and texts that journalctl -o json or -o export wrote",
        };
    }
  }
  const [journal] = journals;
  const [text] = texts;
  if (journal !== undefined && text !== undefined) {
    return {
      status: "wrong-usage",
      message: `--file names journal files (${journal}) and saved texts (${text.file}): one kind at a time`,
      hint: "systemd-journal-remote -o all.journal TEXT makes a journal file of a text that -o export wrote",
    };
  }
  return text === undefined
    ? { status: "opened", kind: "journals", files: journals }
    : { status: "opened", kind: "texts", texts };
};

/**
 * What answers from opened files.
 */
export const readerOfFiles = (opened: Extract<OpenedFiles, { status: "opened" }>): JournalReader =>
  opened.kind === "journals"
    ? localJournal(async () => opened.files)
    : answering(savedJournal(opened.texts));

const filesOf = async (pattern: string): Promise<readonly string[]> => {
  // As with glob(3) and GLOB_NOCHECK, a pattern may be the name of a file with brackets in it.
  if (await isThere(pattern)) return [pattern];
  const found: string[] = [];
  const both = pattern.endsWith(".journal") ? [pattern, `${pattern}~`] : [pattern];
  for (const one of both) {
    for await (const file of glob(one)) if (await isFile(file)) found.push(file);
  }
  return found;
};

const isThere = async (file: string): Promise<boolean> => {
  try {
    await stat(file);
    return true;
  } catch {
    return false;
  }
};

/** What may not be looked at counts: the reading will tell why it fails. */
const isFile = async (file: string): Promise<boolean> => {
  try {
    return !(await stat(file)).isDirectory();
  } catch {
    return true;
  }
};

const MOST_MIB = 512;
const MOST_BYTES = MOST_MIB * 1024 * 1024;
/** How a journal file begins (https://systemd.io/JOURNAL_FILE_FORMAT, "Header"). */
const SIGNATURE = "LPKSHHRH";

type Content =
  | { readonly kind: "journal" }
  | { readonly kind: "text"; readonly text: SavedText }
  | { readonly kind: "unusable"; readonly why: string };

const contentOf = async (file: string): Promise<Content> => {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const { size, isRegular } = await handle
      .stat()
      .then((stats) => ({ size: stats.size, isRegular: stats.isFile() }));
    if (!isRegular) return unusable("it is no regular file");
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(8), position: 0 });
    const begin = buffer.subarray(0, bytesRead);
    if (begin.toString("latin1") === SIGNATURE) return { kind: "journal" };
    if (size > MOST_BYTES) return unusable(`it is larger than ${MOST_MIB} MiB`);
    const packed = await handle.readFile();
    const bytes = isGzip(begin)
      ? await promisify(gunzip)(packed, { maxOutputLength: MOST_BYTES })
      : packed;
    return textOf(file, bytes);
  } catch (error) {
    return unusable(whyNot(error));
  }
};

const isGzip = (begin: Buffer): boolean => begin[0] === 0x1f && begin[1] === 0x8b;

const textOf = (file: string, bytes: Buffer): Content => {
  if (bytes.length === 0) return unusable("it is empty");
  if (bytes.toString("latin1", 0, 8) === SIGNATURE)
    return unusable("it is a packed journal file, which journalctl cannot read: unpack it first");
  const format = savedFormat(bytes);
  return format === undefined
    ? unusable("it is neither a journal file nor a text that journalctl -o json or -o export wrote")
    : { kind: "text", text: { file, bytes, format } };
};

const unusable = (why: string): Content => ({ kind: "unusable", why });

const whyNot = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EACCES":
    case "EPERM":
      return "it may not be read";
    case "ENOENT":
      return "there is no such file";
    case "ERR_BUFFER_TOO_LARGE":
      return `it is larger than ${MOST_MIB} MiB when it is unpacked`;
    default:
      return error instanceof Error ? error.message : String(error);
  }
};
