import { VERSION } from "../version.ts";
import { EXIT } from "./exit-status.ts";
import { interrupt } from "./interruption.ts";
import { isBrokenPipe, reasonOf, writeOutput } from "./output.ts";

/** Runs the command that `argv` names. `root` holds the package.json and the manifest that tell oclif of the commands. */
export const main = async (argv: readonly string[], root: string): Promise<void> => {
  const ended = guardExitStatus(argv);
  if (argv[0] === "--version" || argv[0] === "-V") {
    await writeOutput(`mvdoctor ${VERSION}\n`);
  } else {
    await runCommand(argv[0] === "help" ? [...argv.slice(1), "--help"] : argv, root);
  }
  ended();
};

/** oclif is loaded here and not above, so that `--version` does without. */
const runCommand = async (argv: readonly string[], root: string): Promise<void> => {
  try {
    const { runOclif } = await import("./run-oclif.ts");
    await runOclif(argv, root);
  } catch (error) {
    await fail(error, argv);
  }
};

const fail = async (error: unknown, argv: readonly string[]): Promise<void> => {
  // Stands until the failure is understood, and where even that fails.
  process.exitCode = EXIT.bug;
  const { reportFailure } = await import("./failure.ts");
  await reportFailure(error, argv);
};

/** Node's own statuses for what goes wrong outside of any `catch` (1, 13) mean something else here. */
const guardExitStatus = (argv: readonly string[]): (() => void) => {
  let hasEnded = false;
  process.on("SIGINT", interrupt);
  process.on("uncaughtException", (error) => {
    void fail(error, argv)
      .catch(console.error)
      .finally(() => process.exit());
  });
  process.stdout.on("error", endUnwritten);
  process.stderr.on("error", () => undefined);
  process.on("exit", (code) => {
    if (hasEnded || (code !== 0 && code !== 13)) return;
    process.stderr.write(
      "mvdoctor: ended before the work was done; this is a bug in mvdoctor, please report it\n",
    );
    process.exitCode = EXIT.bug;
  });
  return () => {
    hasEnded = true;
  };
};

/** Ends here, because oclif's own listener throws what it is given. */
const endUnwritten = (error: Error): void => {
  if (isBrokenPipe(error)) return;
  // Set already where `writeOutput` failed and told of it.
  if (process.exitCode !== EXIT.usage)
    process.stderr.write(`mvdoctor: cannot write to standard output: ${reasonOf(error)}\n`);
  process.exit(EXIT.usage);
};
