import { FILE_TARGETS } from "./file-targets.ts";
import { JOURNAL_TARGETS } from "./journal-targets.ts";
import type { Target } from "./target.ts";
import { TEXT_TARGETS } from "./text-targets.ts";

/** Everything that reads text of others. */
export const TARGETS: readonly Target[] = [...JOURNAL_TARGETS, ...FILE_TARGETS, ...TEXT_TARGETS];
