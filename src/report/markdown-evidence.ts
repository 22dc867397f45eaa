import type { Argument } from "../diagnosis/finding.ts";
import type { EvidenceRef } from "../evidence/reference.ts";
import { formatUtc } from "../time/format-time.ts";
import type { EvidenceNumbers } from "./evidence-numbers.ts";
import { code, prose } from "./markdown-text.ts";
import { showAgain } from "./show-again.ts";
import { evidenceLine, sentence } from "./words.ts";

/** References to the footnotes of these pieces of evidence. */
export const cites = (refs: readonly EvidenceRef[], numbers: EvidenceNumbers): string =>
  numbers
    .idsOf(refs)
    .map((id) => ` [^${id}]`)
    .join("");

/** An argument with references to its evidence. */
export const argument = (
  { text, evidence }: Argument,
  numbers: EvidenceNumbers,
  zone: string,
): string => `${prose(sentence(text, zone))}${cites(evidence, numbers)}`;

/** Everything that was cited as footnotes, each with the command that shows it again. */
export const evidence = (numbers: EvidenceNumbers, zone: string): readonly string[] => {
  const cited = numbers.cited();
  if (cited.length === 0) return [];
  return [
    "## Evidence",
    "A footnote for each piece of evidence. Its command shows it again, on the host itself and as root; for a journal that lies elsewhere add `-D DIR`. What journalctl shows is not masked.",
    cited.map(({ id, ref }) => footnote(id, ref, numbers, zone)).join("\n\n"),
  ];
};

const footnote = (id: string, ref: EvidenceRef, numbers: EvidenceNumbers, zone: string): string => {
  const again = showAgain(ref);
  return [
    `[^${id}]: ${code(evidenceLine(ref, zone, numbers))}`,
    ...(ref.kind === "journal" ? [`UTC ${formatUtc(ref.time)}`] : []),
    ...(again === undefined ? [] : [code(again)]),
  ].join("\\\n    ");
};
