import type { Diagnosis } from "../diagnosis/diagnose.ts";
import type { VmDiagnosis } from "../diagnosis/finding.ts";
import type { suppressed } from "./schema/finding.ts";
import type { suppressions } from "./schema/looked-at.ts";
import type { Written } from "./schema/pieces.ts";
import { plain } from "./words.ts";

type Suppressed = VmDiagnosis["suppressed"][number];
type Suppression = Suppressed["by"];

/** `2 findings are suppressed by FILE` */
export const suppressedHeadline = (count: number, file: string): string =>
  `${count === 1 ? "1 finding is" : `${count} findings are`} suppressed by ${plain(file)}`;

/** `access/file-mode (error) until 2026-12-31: the reason` */
export const suppressionLine = ({ finding, by, through }: Suppressed): string =>
  `${finding.id} (${finding.severity}) until ${by.until}${through === undefined ? `: ${plain(by.reason)}` : `, as a consequence of ${through}`}`;

/** Expired suppressions that were meant for VMs of this report, each as a sentence. */
export const expiredLines = ({
  suppressions,
  vms,
}: Pick<Diagnosis, "suppressions" | "vms">): readonly string[] =>
  (suppressions?.expired ?? [])
    .filter((entry) => entry.vm === undefined || vms.some(({ vm }) => vm === entry.vm))
    .map(
      (entry) =>
        `The suppression of ${aboutWhat(entry)} in ${plain(suppressions?.file ?? "")} has expired; it held until ${entry.until}: ${plain(entry.reason)}`,
    );

const aboutWhat = ({ rule, vm, path }: Suppression): string =>
  `${rule}${vm === undefined ? "" : ` for ${vm}`}${path === undefined ? "" : ` at ${plain(path)}`}`;

/** One suppressed finding for programs. */
export const jsonSuppressed = ({
  finding,
  by,
  through,
}: Suppressed): Written<typeof suppressed> => ({
  id: finding.id,
  role: finding.role,
  severity: finding.severity,
  subject: finding.subject,
  inForce: finding.scope.inForce,
  reason: plain(by.reason),
  until: by.until,
  ...(through === undefined ? {} : { through }),
});

/** What the configuration suppresses, for programs; `null` where it suppresses nothing. */
export const jsonSuppressions = (state: Diagnosis["suppressions"]): Written<typeof suppressions> =>
  state === undefined
    ? null
    : { file: plain(state.file), holding: state.holding, expired: state.expired };
