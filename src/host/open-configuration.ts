import { isDirectory, realDirectory } from "./directory.ts";
import { directoryOfReference } from "./flake-reference.ts";
import type { Host } from "./host.ts";
import { openHost } from "./open-host.ts";

/** The directory of a configuration repository, on the machine that looks, and the host to ask for it. */
export type OpenedConfiguration =
  | { readonly status: "opened"; readonly directory: string; readonly host: Host }
  | { readonly status: "wrong-usage"; readonly message: string; readonly hint?: string };

/**
 * Opens what a flake reference names. A recording answers for a directory that it was made with; any other directory, and that of any
 * other host, lies on this machine.
 */
export const openConfiguration = async (
  host: Host,
  reference: string,
): Promise<OpenedConfiguration> => {
  const named = (await isDirectory(reference)) ? reference : directoryOfReference(reference);
  if (named === undefined) {
    return {
      status: "wrong-usage",
      message: `--flake ${JSON.stringify(reference)} is no directory of this machine`,
      hint: "give the directory of the configuration: DIR, path:DIR or git+file://DIR",
    };
  }
  const isThere = await isDirectory(named);
  if (!isThere && host.kind !== "bundle") {
    return {
      status: "wrong-usage",
      message: `--flake ${named} is no directory that can be entered`,
    };
  }
  return {
    status: "opened",
    directory: isThere ? await realDirectory(named) : named,
    host: host.kind === "bundle" ? withGitOf(host, openHost("/")) : host,
  };
};

/** A recorded host whose repositories are asked of `other`, where the recording holds no answer. */
const withGitOf = (recorded: Host, other: Host): Host => ({
  ...recorded,
  async run(command) {
    const answer = await recorded.run(command);
    return command.program === "git" && answer.failure === "not-possible"
      ? other.run(command)
      : answer;
  },
});
