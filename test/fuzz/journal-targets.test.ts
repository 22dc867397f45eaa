import { fuzzed } from "./fuzzed.ts";
import { JOURNAL_TARGETS } from "./journal-targets.ts";

fuzzed(JOURNAL_TARGETS);
