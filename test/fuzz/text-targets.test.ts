import { fuzzed } from "./fuzzed.ts";
import { TEXT_TARGETS } from "./text-targets.ts";

fuzzed(TEXT_TARGETS);
