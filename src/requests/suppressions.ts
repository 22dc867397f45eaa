import { parseSuppressions } from "../diagnosis/suppression-file.ts";
import type { Suppressions } from "../diagnosis/suppression.ts";
import { readConfig } from "../host/config-file.ts";
import type { WrongUsage } from "./request.ts";

type Wished =
  | { readonly status: "read"; readonly suppressions: Suppressions | undefined }
  | WrongUsage;

/** What is suppressed by the configuration of this machine, or by the file that is named. */
export const readSuppressions = async (named: string | undefined): Promise<Wished> => {
  const config = await readConfig(named);
  switch (config.status) {
    case "none":
      return { status: "read", suppressions: undefined };
    case "unreadable":
      return {
        status: "wrong-usage",
        message: `${config.file} cannot be used: ${config.why}`,
        hint: "--config names another file",
      };
    case "read": {
      const parsed = parseSuppressions(config.text, config.file);
      return parsed.status === "parsed"
        ? { status: "read", suppressions: parsed.suppressions }
        : {
            status: "wrong-usage",
            message: parsed.message,
            hint: "docs/suppression.md tells what it may hold",
          };
    }
  }
};
