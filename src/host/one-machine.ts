import { awaitedStream, endedStream } from "./ended-stream.ts";
import * as v from "valibot";
import type { CommandResult, CommandStream } from "./host.ts";
import type { JournalReader } from "./journal-reader.ts";
import { hasFailed, presentValues, withCondition } from "./present-values.ts";

/** A journal that several machines wrote, as if it held only what one of them wrote. */
export const ofMachine = (journal: JournalReader, machineId: string): JournalReader => {
  const machine = [`_MACHINE_ID=${machineId}`];

  /** What journalctl lists without regard to matches, reduced to what the machine's entries have. */
  const reduced = async (
    result: CommandResult,
    field: string,
    values: readonly string[],
    stdout: (values: ReadonlySet<string>) => string,
  ): Promise<CommandResult> => {
    if (hasFailed(result)) return result;
    const present = await presentValues(journal, { field, values, matches: machine });
    return present.status === "failed"
      ? present.result
      : { ...result, stdout: stdout(new Set(present.values)) };
  };

  const boots = async (args: readonly string[]): Promise<CommandResult> => {
    const result = await journal.run(args);
    const all = v.safeParse(BOOTS, result.stdout);
    const listed = all.success ? all.output : [];
    const ids = listed.map(({ boot_id: id }) => id);
    return reduced(result, "_BOOT_ID", ids, (own) =>
      JSON.stringify(listed.filter(({ boot_id: id }) => own.has(id))),
    );
  };

  const values = async (args: readonly string[], field: string): Promise<CommandResult> => {
    const result = await journal.run(args);
    const all = result.stdout.split("\n").filter((line) => line !== "");
    return reduced(result, field, all, (own) =>
      all
        .filter((value) => own.has(value))
        .map((value) => `${value}\n`)
        .join(""),
    );
  };

  /** The arguments with the machine as a condition; a boot that is told by its place among others is one of the machine's. */
  const narrowed = async (
    args: readonly string[],
  ): Promise<
    | { readonly status: "narrowed"; readonly args: readonly string[] }
    | { readonly status: "failed"; readonly result: CommandResult }
  > => {
    const options: string[] = [];
    for (const option of args.filter((arg) => !isMatch(arg))) {
      const offset = BOOT_BY_PLACE.exec(option)?.groups?.["offset"];
      if (offset === undefined) {
        options.push(option);
        continue;
      }
      const result = await boots(["--list-boots", "--output=json"]);
      const listed = v.safeParse(BOOTS, result.stdout);
      const ids = listed.success ? listed.output.map(({ boot_id: id }) => id) : [];
      const place = Number(offset);
      const id = ids[place > 0 ? place - 1 : ids.length - 1 + place];
      if (hasFailed(result)) return { status: "failed", result };
      if (id === undefined) return { status: "failed", result: noSuchBoot(offset) };
      options.push(`--boot=${id}`);
    }
    const matches = args.filter((arg) => isMatch(arg));
    return { status: "narrowed", args: [...options, ...withCondition(matches, machine)] };
  };

  return {
    async run(args) {
      const field = args.map((arg) => FIELD.exec(arg)?.groups?.["field"]).find(Boolean);
      if (field !== undefined) return values(args, field);
      if (args.includes("--list-boots")) return boots(args);
      if (args.some((arg) => ABOUT_FILES.has(arg))) return journal.run(args);
      const narrow = await narrowed(args);
      return narrow.status === "failed" ? narrow.result : journal.run(narrow.args);
    },
    stream(args) {
      const started = narrowed(args).then((narrow): CommandStream =>
        narrow.status === "failed" ? endedStream(narrow.result) : journal.stream(narrow.args),
      );
      return awaitedStream(started);
    },
  };
};

const BOOTS = v.pipe(v.string(), v.parseJson(), v.array(v.looseObject({ boot_id: v.string() })));
const FIELD = /^--field=(?<field>[A-Z0-9_]+)$/u;
const BOOT_BY_PLACE = /^--boot=(?<offset>[-+]?\d{1,6})$/u;
/** They say of a file what no entry says. */
const ABOUT_FILES: ReadonlySet<string> = new Set(["--header", "--verify"]);

const isMatch = (arg: string): boolean => arg === "+" || /^[A-Z0-9_]+=/u.test(arg);

const noSuchBoot = (offset: string): CommandResult => ({
  exitCode: 1,
  stdout: "",
  stderr: `No journal boot entry found for the specified boot (${offset}).`,
});
