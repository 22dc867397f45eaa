/** What a host is built of: the JSON that `host.nix` reads. */
export interface HostDescription {
  /** Whose units: those of microvm.nix in September 2025 or since August 2026. */
  readonly shape: Shape;
  /** Of the systemd that runs: `257`. */
  readonly systemd: string;
  /** What tells its generations apart, as the end of the version of a NixOS. */
  readonly version: string;
  readonly vms: Readonly<Record<string, VmDescription>>;
  readonly secrets: readonly SecretDescription[];
}

export const SHAPES = ["2025", "2026"] as const;
export type Shape = (typeof SHAPES)[number];

/** A VM. What is not said is as microvm.nix has it, for QEMU. */
export interface VmDescription {
  /** What the runner does before it becomes the VMM. */
  readonly runner?: string;
  /** More arguments of the VMM. */
  readonly arguments?: string;
  /** What the VMM does once it has opened its files: bash. It sleeps where nothing is said. */
  readonly vmm?: string;
  /** Lines of the drop-in's [Service] and [Unit]. */
  readonly unit?: string;
  readonly dependencies?: string;
  readonly type?: "simple" | "notify";
  /** Other programs of the runner, such as virtiofsd-run, and files of its share/microvm. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly shares?: Readonly<Record<string, string>>;
  /** Files of the guest's system. */
  readonly guest?: Readonly<Record<string, string>>;
  readonly restartIfChanged?: boolean;
  /** Its installer leaves a VM that is there as it is, as it did for `flake =` before 2025-10-10. */
  readonly frozen?: boolean;
  /** What ought to be a drop-in is a unit file of the instance, which hides the template. */
  readonly shadows?: boolean;
}

/** A secret of sops-nix. Its value is made up when it is installed. */
export interface SecretDescription {
  /** Below /run/secrets. */
  readonly name: string;
  readonly owner?: string;
  readonly group?: string;
  readonly mode?: string;
  /** Bytes of its value; 41 where nothing is said. */
  readonly size?: number;
  readonly empty?: boolean;
}
