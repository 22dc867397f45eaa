import { stripVTControlCharacters } from "node:util";
import { Chalk, type ChalkInstance } from "chalk";
import wrapAnsi from "wrap-ansi";
import { printable } from "./printable.ts";

export interface PageOptions {
  readonly width: number;
  readonly colour: boolean;
  /** Whether lines and arrows may be drawn beyond ASCII; not unless it says so. */
  readonly unicode?: boolean;
}

export interface Page {
  readonly paint: ChalkInstance;
  readonly width: number;
  readonly unicode: boolean;
  /** Stands in front of what is quoted. */
  readonly bar: string;
  /** A line as it is; never wrapped, for what somebody will copy. */
  line(text?: string): void;
  /** Wraps at words; every line after the first gets `hanging`, which is `indent` where it is not given. */
  paragraph(text: string, indent?: string, hanging?: string): void;
  heading(text: string): void;
  text(): string;
}

/** Lines for a terminal or a pipe. */
export const page = ({ width, colour, unicode = false }: PageOptions): Page => {
  const lines: string[] = [];
  const paint = new Chalk({ level: colour ? 1 : 0 });
  const paragraph: Page["paragraph"] = (text, indent = "", hanging = indent) => {
    const room = Math.max(20, width - Math.max(shownLength(indent), shownLength(hanging)));
    for (const [index, line] of wrapAnsi(text, room, { hard: false, trim: true })
      .split("\n")
      .entries()) {
      lines.push(`${index === 0 ? indent : hanging}${line}`.trimEnd());
    }
  };
  return {
    paint,
    width,
    unicode,
    bar: paint.dim(unicode ? "│" : "|"),
    line: (text = "") => {
      lines.push(text.trimEnd());
    },
    paragraph,
    heading(text) {
      lines.push("");
      paragraph(paint.bold(text), "", "  ");
    },
    text: () => printable(`${lines.join("\n")}\n`, { colour }),
  };
};

const shownLength = (text: string): number => stripVTControlCharacters(text).length;

/** The text, or as many of its words as fit into `room` columns, with `...` for the others. */
export const clipped = (text: string, room: number): string => {
  if (text.length <= room) return text;
  // Not half of a character that takes two units.
  const kept = text.slice(0, Math.max(1, room - 3)).replace(/[\uD800-\uDBFF]$/, "");
  const isWhole = text[kept.length] === " ";
  const space = kept.lastIndexOf(" ");
  // Of a long word, such as a path, the beginning says more than nothing.
  const isCut = !isWhole && space > 0 && kept.length - space <= LONG_WORD;
  const whole = isCut ? kept.slice(0, space) : kept;
  return `${whole.replace(/[\s,;:]+$/u, "")}...`;
};

const LONG_WORD = 16;
