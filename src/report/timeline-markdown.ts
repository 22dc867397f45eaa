import { renderTimeline } from "./timeline-text.ts";
import type { Report } from "./report.ts";

const WIDTH = 100;

/** The timeline for a page: the same lines as on a terminal, as a code block. */
export const renderTimelineMarkdown = (report: Report): string => {
  const text = renderTimeline(report, { width: WIDTH, colour: false });
  const longest = Math.max(2, ...[...text.matchAll(/`+/gu)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `# Timeline\n\n${fence}\n${text.trim()}\n${fence}\n`;
};
