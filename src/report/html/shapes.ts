import type { VmStatus } from "../../diagnosis/finding.ts";
import { markup, type SafeHtml } from "./markup.ts";

export type IconName = "check" | "cross" | "bang" | "question" | "square" | "dash" | "ring";

/** A shape that says again what the word beside it says. */
export const icon = (name: IconName): SafeHtml =>
  markup`<svg class="icon" aria-hidden="true" viewBox="0 0 16 16"><use href="#i-${name}"/></svg>`;

/** A status as a word with a shape of its own. */
export const badge = (status: VmStatus): SafeHtml =>
  markup`<span class="badge ${status}">${icon(STATUS_ICON[status])}${status}</span>`;

const STATUS_ICON: Readonly<Record<VmStatus, IconName>> = {
  failing: "cross",
  degraded: "bang",
  healthy: "check",
  stopped: "square",
  unknown: "question",
};

/** What `icon` shows and timelines fill with, once for a page. */
export const shapes: SafeHtml = markup`<svg class="shapes" aria-hidden="true" width="0" height="0"><defs>
<symbol id="i-check" viewBox="0 0 16 16"><path d="M3 8.5 6.5 12 13 4.5" fill="none" stroke="currentColor" stroke-width="2.4"/></symbol>
<symbol id="i-cross" viewBox="0 0 16 16"><path d="M4 4l8 8M12 4l-8 8" fill="none" stroke="currentColor" stroke-width="2.4"/></symbol>
<symbol id="i-bang" viewBox="0 0 16 16"><path d="M8 3v6.5M8 11.5v2" fill="none" stroke="currentColor" stroke-width="2.4"/></symbol>
<symbol id="i-question" viewBox="0 0 16 16"><path d="M5 6a3 3 0 1 1 4.2 2.8C8.3 9.2 8 9.7 8 10.6M8 12v1.8" fill="none" stroke="currentColor" stroke-width="2"/></symbol>
<symbol id="i-square" viewBox="0 0 16 16"><rect x="4" y="4" width="8" height="8" fill="currentColor"/></symbol>
<symbol id="i-dash" viewBox="0 0 16 16"><path d="M4 8h8" fill="none" stroke="currentColor" stroke-width="2.4"/></symbol>
<symbol id="i-ring" viewBox="0 0 16 16"><circle cx="8" cy="8" r="4" fill="none" stroke="currentColor" stroke-width="1.8"/></symbol>
<pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch" width="2.5" height="7"/></pattern>
<pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse"><circle class="dot" cx="2" cy="2" r="1"/></pattern>
</defs></svg>
`;
