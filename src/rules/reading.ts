import type { Reader } from "../facts/access.ts";
import type { Read } from "../facts/reads.ts";
import type { VmUnit } from "../evidence/unit.ts";
import { octal } from "../facts/wording.ts";
import type { PathComponent } from "../evidence/secret-files.ts";

/** The program that reads, at the beginning of a sentence. */
export const programOf = ({ by }: Pick<Read, "by">): string => {
  switch (by) {
    case "runner":
      return "The runner";
    case "hypervisor":
      return "The VMM";
    case "share-server":
      return "virtiofsd";
  }
};

/** `microvm (uid 986)`. */
export const whoIs = ({ name, uid }: Reader): string =>
  name.startsWith("uid ") ? name : `${name} (uid ${uid})`;

/** `0750 and belongs to 0:96`. */
export const ownership = ({ stat }: PathComponent): string =>
  `${octal(stat.mode)} and belongs to ${stat.uid}:${stat.gid}`;

/** How often the journal shows it; nothing where it is foretold. */
export const timesRefused = (count: number): string =>
  count === 0
    ? " This is what the next start would meet."
    : ` The journal shows the refusal ${count === 1 ? "once" : `${count} times`}.`;

/** Where systemd loads the same file as a credential, its own read is not what is refused. */
export const systemdReadsToo = ({ path }: Read, unit: VmUnit | undefined): string => {
  const loaded = unit?.credentials.find(({ source }) => source === path);
  return loaded === undefined
    ? ""
    : ` systemd reads the same file for LoadCredential= ${loaded.id} as root, outside of every sandbox, and is not stopped by it.`;
};
