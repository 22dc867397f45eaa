import type { RuleGroup, RuleId, VmName } from "../vocabulary.ts";
import type { JudgedFinding } from "./finding.ts";

/** A finding that somebody knows of and accepts for a while. */
export interface Suppression {
  /** A rule, or all rules of a group. */
  readonly rule: RuleId | `${RuleGroup}/*`;
  /** Absent: for every VM. */
  readonly vm?: VmName;
  /** A glob; without it the finding may be about any path, or none. */
  readonly path?: string;
  readonly reason: string;
  /** The last day on which it holds, ISO 8601. */
  readonly until: string;
}

/** The suppressions of one file, in its order. */
export interface Suppressions {
  readonly file: string;
  readonly entries: readonly Suppression[];
}

/** Suppressions on the day of the report. */
export interface SuppressionState {
  readonly file: string;
  readonly holding: readonly Suppression[];
  /** They suppress nothing any more. */
  readonly expired: readonly Suppression[];
}

export interface Suppressed<Found extends JudgedFinding> {
  readonly finding: Found;
  readonly by: Suppression;
  /** It is named by no entry itself: it follows from this one, which is suppressed. */
  readonly through?: RuleId;
}

/** Takes the day of the report, ISO 8601; tells the entries that hold on it from those that no longer do. */
export const onDay = ({ file, entries }: Suppressions, today: string): SuppressionState => ({
  file,
  holding: entries.filter(({ until }) => today <= until),
  expired: entries.filter(({ until }) => today > until),
});

/**
 * Takes findings of one VM apart: what counts, and what a suppression takes out; the first entry that fits is named. What follows from
 * suppressed findings and from nothing else goes with them: a cause and its consequences are one story.
 */
export const suppress = <Found extends JudgedFinding>(
  vm: VmName,
  findings: readonly Found[],
  entries: readonly Suppression[],
): { readonly kept: readonly Found[]; readonly suppressed: readonly Suppressed<Found>[] } => {
  const suppressed = new Map<Found, Suppressed<Found>>();
  for (const finding of findings) {
    const by = entries.find((entry) => isAbout(entry, vm, finding));
    if (by !== undefined) suppressed.set(finding, { finding, by });
  }
  for (let grew = suppressed.size > 0; grew;) {
    grew = false;
    const counting = new Set(findings.filter((one) => !suppressed.has(one)).map(({ id }) => id));
    for (const finding of findings) {
      if (suppressed.has(finding) || finding.role !== "consequence") continue;
      const cause = [...suppressed.values()].find((one) =>
        finding.causedBy.some(({ id }) => id === one.finding.id),
      );
      if (cause === undefined || finding.causedBy.some(({ id }) => counting.has(id))) continue;
      suppressed.set(finding, { finding, by: cause.by, through: cause.finding.id });
      grew = true;
    }
  }
  return {
    kept: findings.filter((one) => !suppressed.has(one)),
    suppressed: findings.flatMap((one) => suppressed.get(one) ?? []),
  };
};

const isAbout = (entry: Suppression, vm: VmName, finding: JudgedFinding): boolean =>
  (entry.vm === undefined || entry.vm === vm) &&
  (entry.rule.endsWith("/*")
    ? finding.id.startsWith(entry.rule.slice(0, -1))
    : finding.id === entry.rule) &&
  (entry.path === undefined || isAboutPath(entry.path, finding));

/** A finding about several paths is suppressed only where all of them are: the others would be hidden with it. */
const isAboutPath = (glob: string, { subject, scope }: JudgedFinding): boolean => {
  const pattern = globPattern(glob);
  const paths = scope.paths ?? [];
  if (paths.length > 1) return paths.every((path) => pattern.test(path));
  const named = subject["path"];
  return [...paths, ...(typeof named === "string" ? [named] : [])].some((path) =>
    pattern.test(path),
  );
};

/** `*` is anything but a slash, `**` anything at all, `?` one character but a slash. */
const globPattern = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .split(/(\*\*|\*|\?)/u)
      .map(
        (part) => WILDCARDS.get(part) ?? part.replaceAll(/[\\^$.*+?()[\]{}|]/gu, String.raw`\$&`),
      )
      .join("")}$`,
    "su",
  );

const WILDCARDS: ReadonlyMap<string, string> = new Map([
  ["**", ".*"],
  ["*", "[^/]*"],
  ["?", "[^/]"],
]);
