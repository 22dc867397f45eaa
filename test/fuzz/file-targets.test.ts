import { fuzzed } from "./fuzzed.ts";
import { FILE_TARGETS } from "./file-targets.ts";

fuzzed(FILE_TARGETS);
