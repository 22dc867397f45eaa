import { collected, type Collected, type LinkedRunners } from "../evidence/evidence.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { Runner, SecretChannel } from "../evidence/runner.ts";
import type { StateDirectory, StateLink } from "../evidence/state-directory.ts";
import type { Setting } from "../evidence/unit.ts";
import type { Host } from "../host/host.ts";
import { hostPath, type HostPath, storePathOf } from "../vocabulary.ts";
import { readRunnerScript } from "./runner-script.ts";
import { readRunner, readScript } from "./runners.ts";
import { splitWords } from "./unit-file.ts";

/** The scripts behind `current` and `booted`, or what ExecStart= names in their place. */
export const collectRunners = async (
  host: Host,
  state: StateDirectory,
  execStart: readonly Setting[] = [],
): Promise<Collected<LinkedRunners>> => {
  const own = ownCommand(execStart.at(-1));
  if (own !== undefined) return startedRunner(host, state, own);
  const [current, booted] = await Promise.all([
    linkedRunner(host, state.links.current),
    linkedRunner(host, state.links.booted),
  ]);
  for (const found of [current, booted]) if (found?.status === "unavailable") return found;
  return collected({
    ...(current?.status === "collected" ? { current: current.value } : {}),
    ...(booted?.status === "collected" ? { booted: booted.value } : {}),
  });
};

interface OwnCommand {
  readonly program: HostPath;
  /** What a shell is given with `-c`. */
  readonly text?: string;
  readonly ref: FileRef;
}

/** A command of the unit that is not the link's `bin/microvm-run` (microvm.nix nixos-modules/host at 71beea0). */
const ownCommand = (setting: Setting | undefined): OwnCommand | undefined => {
  const words = splitWords(setting?.value.replace(/^[-@:+!|]+/u, "") ?? "");
  const [program = ""] = words;
  if (setting === undefined || !program.startsWith("/") || RUNS_CURRENT.test(program))
    return undefined;
  const at = /\/(?:ba|da|z)?sh$/u.test(program)
    ? words.findIndex((word) => /^-\w*c$/u.test(word))
    : -1;
  const text = at < 0 ? undefined : words[at + 1];
  return {
    program: hostPath(program),
    ...(text === undefined ? {} : { text }),
    ref: setting.ref,
  };
};

const RUNS_CURRENT = /\/current\/bin\/microvm-run(?![\w.-])/u;

const startedRunner = async (
  host: Host,
  state: StateDirectory,
  { program, text, ref }: OwnCommand,
): Promise<Collected<LinkedRunners>> => {
  const directory = storePathOf(program);
  const started =
    text !== undefined
      ? collected(inlineRunner(ref, text))
      : directory !== undefined && program === `${directory}/bin/microvm-run`
        ? await readRunner(host, hostPath(directory), directory)
        : await readScript(host, program);
  if (started?.status === "unavailable") return started;
  if (started === undefined) return collected({ startedBy: ref });
  const words = text ?? valueIn(await host.readText(started.value.script));
  const linked = await linkedRunner(host, state.links.current);
  if (!RUNS_CURRENT.test(words))
    return collected({
      current: inPlaceOf(linked?.status === "collected" ? linked.value : undefined, started.value),
      startedBy: ref,
      ...(linked?.status === "collected" ? { passedOver: linked.value } : {}),
    });
  // It only wraps the linked runner: what both do is what happens.
  if (linked === undefined || linked.status === "unavailable")
    return linked ?? collected({ startedBy: ref });
  const { credentialsDirectory = linked.value.credentialsDirectory } = started.value;
  // Where the wrapper was followed into the runner, that part of it is the runner's own.
  const isOwn = ({ ref: place }: { readonly ref: FileRef }): boolean =>
    place.path !== linked.value.script;
  const channels = started.value.channels.filter(isOwn);
  const reads = started.value.reads.filter(isOwn);
  return collected({
    current: {
      ...linked.value,
      channels: [...channels, ...linked.value.channels.map(withoutUnset)],
      reads: [...reads, ...linked.value.reads],
      ...(credentialsDirectory === undefined ? {} : { credentialsDirectory }),
    },
    startedBy: ref,
  });
};

/** The shares are served by the linked runner all the same, and it is the same VMM where the command does not name one. */
const inPlaceOf = (linked: Runner | undefined, started: Runner): Runner => {
  const hypervisor = started.hypervisor ?? linked?.hypervisor;
  const guestName = started.guestName ?? linked?.guestName;
  return {
    ...started,
    ...(hypervisor === undefined ? {} : { hypervisor }),
    ...(guestName === undefined ? {} : { guestName }),
    channels: [
      ...started.channels,
      ...(linked?.channels ?? []).filter(({ kind }) => kind === "share"),
    ],
  };
};

/** What the wrapped script does not set, the wrapper may. */
const withoutUnset = (channel: SecretChannel): SecretChannel => {
  if ("values" in channel && channel.values !== undefined)
    return { ...channel, values: channel.values.map((value) => ({ ...value, unset: [] })) };
  return "value" in channel && channel.value !== undefined
    ? { ...channel, value: { ...channel.value, unset: [] } }
    : channel;
};

const valueIn = (read: Awaited<ReturnType<Host["readText"]>>): string =>
  read.status === "present" ? read.value : "";

const inlineRunner = (ref: FileRef, text: string): Runner => {
  const {
    goesOnIn: _goesOnIn,
    passesAllOn: _passesAllOn,
    ...own
  } = readRunnerScript(ref.path, text);
  return { ...own, script: ref.path, ref, size: text.length };
};

const linkedRunner = async (
  host: Host,
  link: StateLink | undefined,
): Promise<Collected<Runner> | undefined> => {
  if (link?.end !== "resolved") return undefined;
  return readRunner(host, link.hops[0].path, link.store);
};
