import { ACCESS } from "./failures/access.ts";
import { CREDENTIALS } from "./failures/credentials.ts";
import { hostPart } from "./host-part.ts";
import type { Part } from "./part.ts";

/** All parts of the lab, in the order in which they run. */
export const PARTS: readonly Part[] = [hostPart("systemd", [...ACCESS, ...CREDENTIALS])];
