import type { GuestSystem, WantedCredential } from "../evidence/guest-system.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { Runner } from "../evidence/runner.ts";

/** A credential under the name that the guest sees, with the line of the runner that hands it over. */
export interface HandedOver {
  readonly name: string;
  readonly ref: FileRef;
}

/** What a runner hands to its guest by name. Strings that are put together at run time without a name are not among them. */
export const handedOver = (runner: Runner): readonly HandedOver[] =>
  runner.channels.flatMap((channel): readonly HandedOver[] => {
    if ("name" in channel) return [{ name: channel.name, ref: channel.ref }];
    if ("names" in channel) return channel.names.map((name) => ({ name, ref: channel.ref }));
    return [];
  });

/** Whether all names that a runner hands over are in its text: a loop over a directory hides them. */
export const namesAreKnown = (runner: Runner): boolean =>
  !runner.channels.some(
    (channel) =>
      ((channel.kind === "oem-runtime" || channel.kind === "smbios-argument") &&
        channel.names.length === 0) ||
      channel.kind === "arguments-script",
  );

/** Stock units ask for credentials of systemd's own, all of which have a dot in their names (systemd.system-credentials(7)). */
const OWN_NAME = /^[\w-]+$/u;

export interface GuestWish extends WantedCredential {
  readonly unit: string;
}

/** What services of the guest ask for by an exact name and nobody but the host can give. */
export const wishesOf = ({ consumers }: GuestSystem): readonly GuestWish[] =>
  consumers.flatMap(({ unit, wants }) =>
    wants
      .filter(({ name, source }) => source === undefined && OWN_NAME.test(name))
      .map((want) => ({ ...want, unit })),
  );

/** Whether some service of the guest takes a credential of this name, by its name or by a glob. */
export const isTaken = (name: string, { consumers }: GuestSystem): boolean =>
  consumers.some(({ wants }) =>
    wants.some(
      (want) => want.name === name || (want.by === "import" && globMatches(want.name, name)),
    ),
  );

/** glob(7) as far as ImportCredential= has it: `*` and `?`. */
const globMatches = (glob: string, name: string): boolean =>
  new RegExp(
    `^${glob
      .replaceAll(/[.+^${}()|[\]\\]/gu, String.raw`\$&`)
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
    "u",
  ).test(name);

/** Two spellings of one name: case, dashes and underscores, or a prefix such as HOST_. */
export const isSpelling = (one: string, other: string): boolean => {
  const [a, b] = [normal(one), normal(other)];
  return one !== other && (a === b || a.endsWith(`-${b}`) || b.endsWith(`-${a}`));
};

const normal = (name: string): string => name.toLowerCase().replaceAll(/[_.\s]+/gu, "-");
