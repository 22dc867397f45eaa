import { ACCESS } from "./failures/access.ts";
import { CREDENTIALS } from "./failures/credentials.ts";
import type { Failure } from "./failures/failure.ts";
import { LIFECYCLE } from "./failures/lifecycle.ts";
import { NIX_STORE } from "./failures/nix-store.ts";

/** The failures of each part that provokes them on a host. */
export const FAILURES = {
  systemd: [...ACCESS, ...CREDENTIALS, ...LIFECYCLE],
  nix: NIX_STORE,
} as const satisfies Readonly<Record<string, readonly Failure[]>>;
