import { FAILURES } from "./failure-list.ts";
import { guestPart } from "./guest/guest-part.ts";
import { hostPart } from "./host-part.ts";
import type { Part } from "./part.ts";

/** All parts of the lab, in the order in which they run. */
export const PARTS: readonly Part[] = [
  ...Object.entries(FAILURES).map(([name, failures]) => hostPart(name, failures)),
  guestPart,
];
