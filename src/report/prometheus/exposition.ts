import { plain } from "../words.ts";

/** Metrics of one name. All of ours are gauges: they say how it is, and the next report says it anew. */
export interface Family {
  readonly name: string;
  /** What a value is, in one sentence, with its unit. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Families in the text format 0.0.4 of Prometheus, without times: the textfile collector of node_exporter refuses them. */
export const exposition = (families: readonly Family[]): string =>
  families
    .filter(({ samples }) => samples.length > 0)
    .map(
      ({ name, help, samples }) =>
        `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${samples.map((sample) => line(name, sample)).join("")}`,
    )
    .join("");

const line = (name: string, { labels, value }: Sample): string =>
  `${name}{${Object.entries(labels)
    .map(([label, words]) => `${label}="${escaped(words)}"`)
    .join(",")}} ${value}\n`;

const escaped = (words: string): string =>
  plain(words)
    .toWellFormed()
    .replaceAll(/[\\"]/gu, String.raw`\$&`);

/** One sample for each of the words, 1 for the one that holds. */
export const oneHot = <Word extends string>(
  labels: Readonly<Record<string, string>>,
  label: string,
  words: Readonly<Record<Word, true>>,
  holds: Word,
): readonly Sample[] =>
  Object.keys(words).map((word) => ({
    labels: { ...labels, [label]: word },
    value: word === holds ? 1 : 0,
  }));

/** How often each of the words is there, 0 included. */
export const counted = <Word extends string>(
  labels: Readonly<Record<string, string>>,
  label: string,
  words: Readonly<Record<Word, true>>,
  there: readonly Word[],
): readonly Sample[] =>
  Object.keys(words).map((word) => ({
    labels: { ...labels, [label]: word },
    value: there.filter((one) => one === word).length,
  }));
