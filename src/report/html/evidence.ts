import type { EvidenceRef } from "../../evidence/reference.ts";
import { formatUtc } from "../../time/format-time.ts";
import type { EvidenceNumbers } from "../evidence-numbers.ts";
import { showAgain } from "../show-again.ts";
import { evidenceLine } from "../words.ts";
import { markup, type SafeHtml } from "./markup.ts";
import { codeText, copyable } from "./prose.ts";

/** Pieces of evidence where a finding is folded open, each with its number. */
export const evidenceOf = (
  refs: readonly EvidenceRef[],
  numbers: EvidenceNumbers,
  zone: string,
): SafeHtml => {
  const known = new Map(refs.map((ref) => [numbers.idOf(ref), ref] as const));
  return markup`<ul class="evidence">
${[...known].map(([id, ref]) => markup`<li><a href="#${id}">${id}</a> ${line(ref, numbers, zone)}</li>\n`)}</ul>
`;
};

/** Everything that was cited, with the command that shows it again. To be made last, when all is cited. */
export const allEvidence = (numbers: EvidenceNumbers, zone: string): SafeHtml => {
  const cited = numbers.cited();
  return cited.length === 0
    ? markup``
    : markup`<section>
<h2>Evidence</h2>
<p>The command of each piece shows it again, on the host itself and as root; for a journal that lies elsewhere add <code>-D DIR</code>. What journalctl shows is not masked.</p>
<ul class="evidence all">
${cited.map(({ id, ref }) => markup`<li id="${id}"><span class="number">${id}</span> ${line(ref, numbers, zone)}${utc(ref)}${command(ref)}</li>\n`)}</ul>
</section>
`;
};

const line = (ref: EvidenceRef, numbers: EvidenceNumbers, zone: string): SafeHtml =>
  ref.kind === "coverage"
    ? markup`${evidenceLine(ref, zone, numbers).replace(/ \[[^\]]*\]$/u, "")} ${numbers.linesOf(ref).map((id) => [" ", markup`<a href="#${id}">${id}</a>`])}`
    : markup`<code class="line ${ref.kind}">${codeText(evidenceLine(ref, zone, numbers))}</code>`;

const utc = (ref: EvidenceRef): SafeHtml | undefined =>
  ref.kind === "journal" ? markup` <span class="utc">UTC ${formatUtc(ref.time)}</span>` : undefined;

const command = (ref: EvidenceRef): SafeHtml | undefined => {
  const again = showAgain(ref);
  return again === undefined ? undefined : markup` ${copyable(again, "line")}`;
};
