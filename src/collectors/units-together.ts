import type { Command, CommandResult, Host } from "../host/host.ts";
import { vmUnit } from "../journal/matches.ts";
import type { VmName } from "../vocabulary.ts";

/**
 * A host whose systemd is asked once for the units of all of these VMs: what it would be asked for one of them is answered from that. Everything else
 * is passed on.
 */
export const unitsTogether = (host: Host, vms: readonly VmName[]): Host => {
  const units = vms.map(vmUnit);
  const places = new Map<string, number>(units.map((unit, index) => [unit, index]));
  const asked = new Map<string, Promise<CommandResult>>();
  return {
    ...host,
    async run(command) {
      const place = placeIn(places, command);
      if (place === undefined) return host.run(command);
      const options = command.args.slice(0, -1);
      const key = options.join(" ");
      const answer =
        asked.get(key) ?? host.run({ program: "systemctl", args: [...options, ...units] });
      asked.set(key, answer);
      return partOf(await answer, place, units.length);
    },
  };
};

const placeIn = (
  places: ReadonlyMap<string, number>,
  { program, args }: Command,
): number | undefined =>
  program === "systemctl" && args[0] === "show" ? places.get(args.at(-1) ?? "") : undefined;

/** `systemctl show` parts units by an empty line, in the order asked for (systemctl(1)); an answer of other parts is none. */
const partOf = (answer: CommandResult, place: number, count: number): CommandResult => {
  if (answer.failure !== undefined || answer.exitCode !== 0) return answer;
  const parts = answer.stdout.trimEnd().split(/\n\n/u);
  return { ...answer, stdout: parts.length === count ? `${parts[place] ?? ""}\n` : "" };
};
