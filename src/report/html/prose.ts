import type { EvidenceRef } from "../../evidence/reference.ts";
import { formatTime, formatUtc } from "../../time/format-time.ts";
import { micros, type Micros } from "../../vocabulary.ts";
import type { EvidenceNumbers } from "../evidence-numbers.ts";
import { proseParts } from "../prose-parts.ts";
import { plain } from "../words.ts";
import { markup, type Content, type SafeHtml } from "./markup.ts";
import type { Telling } from "./telling.ts";

type Shown = Pick<Telling, "report" | "placeOf">;

/** A sentence for people: its moments as times, paths as code, and rules that the page shows as links. */
export const prose = (text: string, { report: { zone }, placeOf }: Shown): SafeHtml =>
  markup`${plain(text)
    .split(/@\{(\d{1,16})\}/u)
    .map((piece, index) =>
      index % 2 === 1
        ? timeOf(micros(Number(piece)), zone)
        : proseParts(piece).map((part) =>
            part.kind === "code" ? code(part.text) : withRules(part.text, placeOf),
          ),
    )}`;

const withRules = (text: string, placeOf: Telling["placeOf"]): Content =>
  text
    .split(/\[([a-z]+\/[a-z-]+)\]/u)
    .map((piece, index) => (index % 2 === 1 ? ruleLink(piece, placeOf) : piece));

/** A rule by its id, with a link to what it found where the page shows it. */
export const ruleLink = (rule: string, placeOf: Telling["placeOf"]): SafeHtml => {
  const place = placeOf(rule);
  return place === undefined
    ? markup`<code class="rule">${rule}</code>`
    : markup`<a class="rule" href="#${place}"><code>${rule}</code></a>`;
};

/** Rules as a list in a sentence. */
export const ruleLinks = (rules: readonly string[], placeOf: Telling["placeOf"]): Content =>
  rules.map((rule, index) => [index === 0 ? "" : ", ", ruleLink(rule, placeOf)]);

/** Foreign text as code; the hash of a store path stands back behind its name. */
const code = (text: string): SafeHtml => markup`<code>${codeText(text)}</code>`;

/** The same without the element. */
export const codeText = (text: string): Content =>
  text
    .split(/(?<=\/nix\/store\/)([0-9a-z]{32}-)/u)
    .map((piece, index) => (index % 2 === 1 ? markup`<span class="hash">${piece}</span>` : piece));

/** A moment on the host's clock; the UTC is shown on hovering, and is what programs read. */
export const timeOf = (time: Micros, zone: string, shown = formatTime(time, zone)): SafeHtml => {
  const utc = formatUtc(time);
  return markup`<time datetime="${isoOf(utc)}" title="${utc}">${shown}</time>`;
};

/** HTML allows three digits of a second at most (WHATWG HTML, 2.3.5.7). */
const isoOf = (utc: string): string => `${utc.slice(0, 23)}Z`;

/** The numbers of pieces of evidence, each a link to it. */
export const cites = (refs: readonly EvidenceRef[], numbers: EvidenceNumbers): SafeHtml => {
  const ids = numbers.idsOf(refs);
  return ids.length === 0
    ? markup``
    : markup` <span class="cites">${ids.map((id, index) => [index === 0 ? "" : " ", markup`<a href="#${id}">${id}</a>`])}</span>`;
};

/** Text that somebody will take with them, with a button that copies it where scripts run. */
export const copyable = (text: string, kind: "block" | "line"): SafeHtml =>
  kind === "block"
    ? markup`<div class="copyable"><pre tabindex="0"><code>${text}</code></pre><button type="button" class="copy" hidden>Copy</button></div>`
    : markup`<span class="copyable"><code class="command">${text}</code><button type="button" class="copy" hidden>Copy</button></span>`;
