import type { Runner } from "../evidence/runner.ts";
import type { Flavour } from "../evidence/state-directory.ts";
import type { VmUnit } from "../evidence/unit.ts";
import type { Secret } from "../facts/secrets.ts";

/** What a snippet is written for. */
export interface RemedyContext {
  readonly vm: string;
  readonly unit: VmUnit | undefined;
  readonly runner: Runner | undefined;
  readonly secrets: readonly Secret[];
  /** How the VM came to the host; without it the unit's drop-in tells whether the host declares it. */
  readonly flavour?: Flavour;
}

const FROM_A_FLAKE: ReadonlySet<Flavour> = new Set([
  "imperative",
  "deployed",
  "flake",
  "flake-frozen",
]);

/** microvm.nix gives each VM of microvm.vms a drop-in, and NixOS makes a drop-in only where told to for any other. */
const isDeclared = ({ vm, unit, flavour }: RemedyContext): boolean =>
  flavour === undefined || flavour === "unknown" || flavour === "hand-made"
    ? unit === undefined ||
      unit.dropIns.some(({ path }) => path.includes(`/microvm@${vm}.service.d/`))
    : flavour !== "imperative" && flavour !== "deployed";

/** The guest's configuration is a part of the host's. */
export const isGuestOfHost = (context: RemedyContext): boolean =>
  isDeclared(context) && (context.flavour === undefined || !FROM_A_FLAKE.has(context.flavour));

/** Without it the setting becomes a unit file that hides the template. */
export const asDropIn = (context: RemedyContext): string =>
  isDeclared(context)
    ? ""
    : `  systemd.services."microvm@${context.vm}".overrideStrategy = "asDropin";
`;

/** The end of a host's module, with the guest's setting in it or, for a guest with a flake of its own, behind it. */
export const guestSetting = (context: RemedyContext, setting: string): string =>
  isGuestOfHost(context)
    ? `
  microvm.vms.${nixName(context.vm)}.config.${setting}
}
`
    : inOwnFlake(context, `{ ${setting} }`);

export const inOwnFlake = ({ vm, flavour }: RemedyContext, module: string): string => `}

# In the VM's own flake; then ${flavour === "deployed" ? "deploy it again" : flavour === "flake" ? "switch and restart it" : `microvm -Ru ${vm}`}:
${module
  .split("\n")
  .map((line) => `# ${line}`.trimEnd())
  .join("\n")}
`;

/** An attribute name of Nix, in quotes where it needs them. */
export const nixName = (name: string): string =>
  /^[A-Za-z_][\w'-]*$/u.test(name) ? name : `"${name}"`;
