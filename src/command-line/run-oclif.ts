import { run } from "@oclif/core/run";
import { settings } from "@oclif/core/settings";

/** oclif's own program, without its error handling, which has another idea of exit statuses. */
export const runOclif = async (argv: readonly string[], root: string): Promise<void> => {
  // Node itself runs TypeScript; oclif would look for ts-node where NODE_ENV says development.
  settings.enableAutoTranspile = false;
  // Plugins are code from the user's home directory, and mvdoctor runs under sudo.
  await run([...argv], { root, userPlugins: false, devPlugins: false });
};
