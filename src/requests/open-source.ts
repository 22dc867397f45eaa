import { isDirectory, realDirectory } from "../host/directory.ts";
import type { Host } from "../host/host.ts";
import { openBundle } from "../host/bundle/open-bundle.ts";
import { openHost, openJournal } from "../host/open-host.ts";
import { belongsToThisMachine } from "../journal/machine.ts";
import type { BadBundle, Source, WrongUsage } from "./request.ts";

export type Opened =
  | { readonly status: "opened"; readonly hosts: readonly [Host, ...Host[]] }
  | WrongUsage
  | BadBundle;

/** Opens what the request names: a host, or several. */
export const openSource = async (source: Source): Promise<Opened> => {
  if (source.bundle !== undefined) return openedBundle(source.bundle);
  const wrong = await noDirectory(source);
  if (wrong !== undefined) return wrong;
  const seconds = source.timeout;
  const journal = {
    ...(source.directory === undefined ? {} : { directory: source.directory }),
    ...(source.file === undefined ? {} : { files: source.file }),
  };
  if (source.root !== undefined)
    return opened(openHost(await realDirectory(source.root), journal, seconds));
  const host = openHost("/", journal, seconds);
  // A journal of another machine says nothing about the files of this one.
  if (host.kind === "live" || (await belongsToThisMachine(host))) return opened(host);
  return opened(openJournal(journal));
};

const opened = (...hosts: readonly [Host, ...Host[]]): Opened => ({ status: "opened", hosts });

const openedBundle = async (file: string): Promise<Opened> => {
  const bundle = await openBundle(file);
  if (bundle.status === "damaged")
    return { status: "bad-bundle", message: `${file} cannot be used: ${bundle.why}` };
  const [first, ...others] = bundle.hosts;
  return first === undefined
    ? { status: "bad-bundle", message: `${file} cannot be used: it holds no host` }
    : opened(first, ...others);
};

const noDirectory = async ({ root, directory }: Source): Promise<WrongUsage | undefined> => {
  for (const [flag, path] of [
    ["--root", root],
    ["--directory", directory],
  ] as const) {
    if (path !== undefined && !(await isDirectory(path))) {
      return {
        status: "wrong-usage",
        message: `${flag} ${path} is no directory that can be entered`,
      };
    }
  }
  return undefined;
};
