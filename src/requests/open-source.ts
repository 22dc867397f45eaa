import { isDirectory, realDirectory } from "../host/directory.ts";
import type { Host } from "../host/host.ts";
import { openHost, openJournal } from "../host/open-host.ts";
import { openRecording } from "../host/recording-file.ts";
import { belongsToThisMachine } from "../journal/machine.ts";
import type { BadBundle, Source, WrongUsage } from "./request.ts";

type Opened = { readonly status: "opened"; readonly host: Host } | WrongUsage | BadBundle;

/** Opens what the request names. */
export const openSource = async (source: Source): Promise<Opened> => {
  if (source.bundle !== undefined) {
    const opened = await openRecording(source.bundle);
    return opened.status === "opened"
      ? opened
      : { status: "bad-bundle", message: `${source.bundle} cannot be used: ${opened.why}` };
  }
  for (const [flag, directory] of [
    ["--root", source.root],
    ["--directory", source.directory],
  ] as const) {
    if (directory !== undefined && !(await isDirectory(directory))) {
      return {
        status: "wrong-usage",
        message: `${flag} ${directory} is no directory that can be entered`,
      };
    }
  }
  const journal = {
    ...(source.directory === undefined ? {} : { directory: source.directory }),
    ...(source.file === undefined ? {} : { files: source.file }),
  };
  if (source.root !== undefined) {
    return { status: "opened", host: openHost(await realDirectory(source.root), journal) };
  }
  const host = openHost("/", journal);
  // A journal of another machine says nothing about the files of this one.
  if (host.kind === "live" || (await belongsToThisMachine(host))) return { status: "opened", host };
  return { status: "opened", host: openJournal(journal) };
};
