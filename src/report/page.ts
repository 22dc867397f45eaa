import { Chalk, type ChalkInstance } from "chalk";
import wrapAnsi from "wrap-ansi";
import { printable } from "./printable.ts";

export interface PageOptions {
  readonly width: number;
  readonly colour: boolean;
}

export interface Page {
  readonly paint: ChalkInstance;
  readonly width: number;
  /** A line as it is; never wrapped, for what somebody will copy. */
  line(text?: string): void;
  /** Wraps at words; every line after the first gets `hanging`, which is `indent` where it is not given. */
  paragraph(text: string, indent?: string, hanging?: string): void;
  heading(text: string): void;
  text(): string;
}

/** Lines for a terminal or a pipe. */
export const page = ({ width, colour }: PageOptions): Page => {
  const lines: string[] = [];
  const paint = new Chalk({ level: colour ? 1 : 0 });
  return {
    paint,
    width,
    line: (text = "") => {
      lines.push(text.trimEnd());
    },
    paragraph(text, indent = "", hanging = indent) {
      const room = Math.max(20, width - Math.max(indent.length, hanging.length));
      for (const [index, line] of wrapAnsi(text, room, { hard: false, trim: true })
        .split("\n")
        .entries()) {
        lines.push(`${index === 0 ? indent : hanging}${line}`.trimEnd());
      }
    },
    heading(text) {
      lines.push("", paint.bold(text));
    },
    text: () => printable(`${lines.join("\n")}\n`, { colour }),
  };
};
