import { jsonText } from "./printable.ts";
import { page, type PageOptions } from "./page.ts";
import { plain } from "./words.ts";

export interface CheckedEvidence {
  /** Its number in the report. */
  readonly id: string;
  readonly what: string;
  readonly state: "holds" | "changed" | "gone" | "unknown";
  readonly why?: string;
}

export interface CheckedFinding {
  readonly vm: string;
  readonly host?: string;
  readonly id: string;
  readonly title: string;
  readonly verdict: "holds" | "no-longer-holds" | "unknown";
  /** Whether the rules come to it again from what is there now. */
  readonly isFoundAgain: boolean;
  readonly evidence: readonly CheckedEvidence[];
}

/** What became of the findings of a report. */
export interface Verification {
  readonly file: string;
  readonly findings: readonly CheckedFinding[];
}

const VERDICT: Readonly<Record<CheckedFinding["verdict"], string>> = {
  holds: "holds",
  "no-longer-holds": "NO LONGER HOLDS",
  unknown: "UNKNOWN",
};

/** A line for each finding, and below it the evidence that is not as the report says. */
export const renderVerification = (
  { file, findings }: Verification,
  options: PageOptions,
): string => {
  const out = page(options);
  out.line(`${plain(file)}:`);
  out.paragraph(headline(findings), "", "  ");
  for (const { vm, host, id, title, verdict, isFoundAgain, evidence } of findings) {
    out.line();
    out.paragraph(
      `${out.paint.bold(VERDICT[verdict])}: ${plain(vm)}${host === undefined ? "" : ` on ${plain(host)}`}: ${plain(title)} [${plain(id)}]`,
      "",
      "  ",
    );
    for (const { id: number, what, state, why } of evidence)
      if (state !== "holds")
        out.paragraph(
          `[${plain(number)}] ${state}: ${plain(what)}: ${plain(why ?? "")}`,
          "  ",
          "    ",
        );
    if (!isFoundAgain)
      out.paragraph("From what is there now the rules do not come to it again.", "  ", "    ");
  }
  return out.text();
};

const headline = (findings: readonly CheckedFinding[]): string => {
  const count = (wanted: CheckedFinding["verdict"]): number =>
    findings.filter(({ verdict }) => verdict === wanted).length;
  return findings.length === 0
    ? "there is no finding to verify"
    : `of ${findings.length} ${findings.length === 1 ? "finding" : "findings"} ${count("holds")} hold, ${count("no-longer-holds")} no longer hold, ${count("unknown")} could not be checked`;
};

/** The same for programs. */
export const renderVerificationJson = ({ findings }: Verification): string =>
  jsonText({
    schemaVersion: 1,
    findings: findings.map(({ isFoundAgain, ...finding }) => ({
      ...finding,
      foundAgain: isFoundAgain,
    })),
  });
