import { coveredNix } from "../nix-store.ts";
import {
  NIX_PROGRAMS,
  NIX_QUERIES,
  REMOTE_COMMANDS,
  type RemoteCommand,
} from "./remote-commands.ts";

/** Whether a command is one of the table; an argument with a NUL never is. */
export const isRemoteCommand = (argv: readonly string[]): boolean =>
  argv.every((word) => !word.includes("\0")) &&
  (REMOTE_COMMANDS.some((command) => fits(command, argv)) || isCoveredQuery(argv));

const fits = ({ program, words, rest }: RemoteCommand, argv: readonly string[]): boolean => {
  const [file, ...args] = argv;
  return (
    file === program &&
    (rest === undefined ? args.length === words.length : args.length >= words.length) &&
    args.every((arg, index) => isMatch(words[index] ?? rest ?? "", arg))
  );
};

/** Arguments arrive one by one here, so that a space has no meaning in them; under sudo they are one line. */
const isMatch = (pattern: string, arg: string): boolean => {
  const known = compiled.get(pattern);
  const expression = known ?? new RegExp(`^(?:${pattern.replaceAll("[^ ", "[^")})$`, "u");
  if (known === undefined) compiled.set(pattern, expression);
  return expression.test(arg);
};

const compiled = new Map<string, RegExp>();

const isCoveredQuery = (argv: readonly string[]): boolean =>
  NIX_PROGRAMS.some((program) =>
    [true, false].some((isRoot) => {
      const cover = coveredNix(program, "/", [], isRoot);
      const query = argv.slice(cover.length);
      return (
        cover.every((word, index) => argv[index] === word) &&
        NIX_QUERIES[program].some((one) => fits({ ...one, program }, [program, ...query]))
      );
    }),
  );
