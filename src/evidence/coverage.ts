import type { BootId, Micros, UnitName, VmName } from "../vocabulary.ts";

/** What evidence is read from. */
export type SourceName =
  | "journal"
  | "state-directory"
  | "unit"
  | "runner"
  | "secret-files"
  | "nix-store"
  | "generations"
  | "secret-installation"
  | "credential-store"
  | "guest-system"
  | "shares"
  | "kernel-log"
  | "other-units"
  | "configuration-repository"
  | "host";

/** What a source was seen to hold, or to lack. */
export type CoverageFact =
  /** The journal has entries from `since` to `until` of one boot. */
  | { readonly kind: "span" }
  /** A source without times that was looked at as a whole. */
  | { readonly kind: "looked-at"; readonly what: string }
  /**
   * The oldest entry that is kept: `boot` where its boot begins with it, `middle` where the boot had written before. `afterBoot` in
   * microseconds, by the kernel's clock.
   */
  | {
      readonly kind: "head";
      readonly begins: "boot" | "middle";
      readonly afterBoot: number;
    }
  /** `count` entries at least, between the numbers `after` and `before`, are in no file. */
  | {
      readonly kind: "sequence-hole";
      readonly count: number;
      readonly after: number;
      readonly before: number;
    }
  /** Nobody at all wrote a line. */
  | { readonly kind: "silence" }
  | { readonly kind: "suppressed"; readonly unit?: UnitName; readonly count?: number }
  /** The host's time went `by` microseconds further (or back) than the kernel's clock; absent where only systemd says so. */
  | { readonly kind: "clock-step"; readonly by?: number }
  | { readonly kind: Shortfall; readonly reason: string };

/** Why a source was not read whole: no rights, something cut it, it is damaged, it is not among what was kept. */
export type Shortfall = "rights" | "limit" | "damage" | "not-kept";

/** One line of the coverage ledger. */
export type CoverageLine = CoverageFact & {
  readonly source: SourceName;
  readonly vm?: VmName;
  readonly boot?: BootId;
  readonly since?: Micros;
  readonly until?: Micros;
  /** Whether a start of a VM, a guest's word or a fault may be there unseen. */
  readonly mayHide: boolean;
};

/** The same observation always has the same key, whoever cites it. */
export const lineKey = (line: CoverageLine): string =>
  [line.source, line.kind, line.boot, line.since, line.until, line.vm, detailOf(line)]
    .map((part) => part ?? "-")
    .join(" ");

const detailOf = (line: CoverageLine): string | number | undefined => {
  switch (line.kind) {
    case "looked-at":
      return line.what;
    case "sequence-hole":
      return line.after;
    case "suppressed":
      return line.unit;
    case "rights":
    case "limit":
    case "damage":
    case "not-kept":
      return line.reason;
    case "span":
    case "head":
    case "silence":
    case "clock-step":
      return undefined;
  }
};

/** A source without times that was looked at, as a line that carries what was not found in it. */
export const lookedAt = (source: SourceName, what: string): CoverageLine => ({
  source,
  kind: "looked-at",
  what,
  mayHide: false,
});
