import { renderCheckJson } from "./check-json.ts";
import { renderCheckMarkdown } from "./check-markdown.ts";
import { renderCheck } from "./check-text.ts";
import { eachHost } from "./each-host.ts";
import type { EvidenceNumbers } from "./evidence-numbers.ts";
import {
  renderCheckHtml,
  renderHtml,
  renderListHtml,
  renderTimelineHtml,
} from "./html/render-html.ts";
import { renderJson } from "./json.ts";
import { renderListJson } from "./list-json.ts";
import { renderList, renderListMarkdown } from "./list.ts";
import { prose } from "./markdown-text.ts";
import { renderMarkdown } from "./markdown.ts";
import { printable } from "./printable.ts";
import { page, type PageOptions } from "./page.ts";
import { hostName, type Report, type Reports } from "./report.ts";
import { renderText } from "./text.ts";
import type { TextOptions } from "./text/telling.ts";
import { renderTimelineJson } from "./timeline-json.ts";
import { renderTimelineMarkdown } from "./timeline-markdown.ts";
import { renderTimeline } from "./timeline-text.ts";

export type View = "diagnosis" | "timeline" | "check" | "list";
export type Format = "text" | "markdown" | "json" | "html";

export interface RenderOptions extends TextOptions {
  /** Markdown with emoji before the words for states. */
  readonly emoji?: boolean;
}

interface Renderer {
  readonly text: (report: Report, options: TextOptions) => string;
  readonly markdown: (report: Report, numbers: EvidenceNumbers, options: RenderOptions) => string;
  readonly json: (reports: Reports) => string;
  readonly html: (reports: Reports) => string;
}

const RENDERERS: Readonly<Record<View, Renderer>> = {
  diagnosis: { text: renderText, markdown: renderMarkdown, json: renderJson, html: renderHtml },
  check: {
    text: renderCheck,
    markdown: renderCheckMarkdown,
    json: renderCheckJson,
    html: renderCheckHtml,
  },
  list: {
    text: renderList,
    markdown: renderListMarkdown,
    json: renderListJson,
    html: renderListHtml,
  },
  timeline: {
    text: renderTimeline,
    markdown: renderTimelineMarkdown,
    json: renderTimelineJson,
    html: renderTimelineHtml,
  },
};

/** Reports as text in the format asked for: one page for each host, or one document for programs. */
export const render = (
  reports: Reports,
  view: View,
  format: Format,
  options: RenderOptions,
): string => {
  const renderer = RENDERERS[view];
  switch (format) {
    case "json":
      return renderer.json(reports);
    case "html":
      return renderer.html(reports);
    case "text":
      return reports
        .map(
          (report) =>
            `${options.brief === true ? "" : textHead(report, reports, options)}${renderer.text(report, options)}`,
        )
        .join(options.brief === true ? "" : "\n");
    case "markdown":
      return eachHost(reports, (report, numbers) =>
        printable(
          `${markdownHead(report, reports)}${renderer.markdown(report, numbers, options)}`,
          { colour: false },
        ),
      ).join("\n---\n\n");
  }
};

const textHead = (report: Report, { length }: Reports, options: PageOptions): string => {
  if (length === 1) return "";
  const out = page(options);
  out.paragraph(out.paint.bold(`=== Host ${hostName(report)} ===`));
  out.line("");
  return out.text();
};

const markdownHead = (report: Report, { length }: Reports): string =>
  length === 1 ? "" : `**Host ${prose(hostName(report))}**\n\n`;
