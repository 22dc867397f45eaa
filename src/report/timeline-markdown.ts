import { fenced } from "./markdown-text.ts";
import { renderTimeline } from "./timeline-text.ts";
import type { Report } from "./report.ts";

const WIDTH = 100;

/** The timeline for a page: the same lines as on a terminal, as a code block. */
export const renderTimelineMarkdown = (report: Report): string =>
  `# Timeline\n\n${fenced(renderTimeline(report, { width: WIDTH, colour: false }).trim())}\n`;
