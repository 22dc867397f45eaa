import type { EvidenceRef } from "../../evidence/reference.ts";
import type { Finding } from "../../diagnosis/finding.ts";
import { formatUtc } from "../../time/format-time.ts";
import { evidenceWords } from "../evidence-words.ts";
import { plain } from "../words.ts";
import { message } from "./message.ts";

/** Where a VM stands in the run's table of places that are no files. */
export interface LogicalPlace {
  readonly fullyQualifiedName: string;
  readonly index: number;
}

/** The place of a finding: the file that it is about, and the VM. */
export const primaryLocation = (finding: Finding, place: LogicalPlace) => {
  const file = fileOf(finding);
  return {
    ...(file === undefined ? {} : { physicalLocation: physicalLocation(file) }),
    logicalLocations: [place],
  };
};

/** Evidence as the places that a result refers to, with what was seen there. */
export const evidenceLocation = (ref: EvidenceRef, zone: string) => ({
  ...(ref.kind === "file" ? { physicalLocation: physicalLocation(ref) } : {}),
  message: message(evidenceWords(ref, zone)),
  properties: { kind: ref.kind, ...detailsOf(ref) },
});

interface PlaceInFile {
  readonly path: string;
  readonly line?: number;
  readonly text?: string;
}

/** The path of the subject, with the line where evidence has one; else the first file that evidence names. */
const fileOf = ({ subject, evidence }: Finding): PlaceInFile | undefined => {
  const files = evidence.flatMap((ref) => (ref.kind === "file" ? [ref] : []));
  const named = subject["path"];
  if (typeof named !== "string" || !named.startsWith("/")) return files[0];
  return files.find(({ path }) => path === named) ?? { path: named };
};

const physicalLocation = ({ path, line, text }: PlaceInFile) => ({
  artifactLocation: { uri: fileUri(path) },
  ...(line === undefined
    ? {}
    : {
        region: {
          startLine: line,
          ...(text === undefined ? {} : { snippet: { text: plain(text) } }),
        },
      }),
});

/** A path of the host that was looked at as a URI (RFC 8089): whatever is not unreserved is percent-encoded. */
const fileUri = (path: string): string =>
  `file://${path
    .toWellFormed()
    .split("/")
    .map((part) =>
      encodeURIComponent(part).replaceAll(
        /[!'()*]/gu,
        (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join("/")}`;

const detailsOf = (ref: EvidenceRef): Readonly<Record<string, unknown>> => {
  switch (ref.kind) {
    case "journal":
      return { time: formatUtc(ref.time), cursor: ref.cursor };
    case "command":
      return { argv: ref.argv, exitCode: ref.exitCode };
    case "file":
    case "coverage":
      return {};
  }
};
