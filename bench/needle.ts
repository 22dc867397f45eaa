/** Whether the one start of a crash loop that went well is found. */
import * as v from "valibot";

import { journalDirectory } from "./journals.ts";
import { look } from "./measure.ts";
import { reading } from "./reading.ts";

const report = v.object({
  vms: v.tuple([v.object({ everWorked: v.object({ answer: v.string() }) })]),
});

/** Whether diagnose says that a secret reached the guest where the journal has one such start, and that none did where it has none. */
export const isSuccessFound = async (journal: string): Promise<boolean> =>
  (await answerTo(journal)) === "no" && (await answerTo(`${journal}+success`)) === "yes";

const answerTo = async (journal: string): Promise<string> => {
  const { stdout } = await look(...reading("diagnose", await journalDirectory(journal)));
  const { vms } = v.parse(v.pipe(v.string(), v.parseJson(), report), stdout);
  return vms[0].everWorked.answer;
};
