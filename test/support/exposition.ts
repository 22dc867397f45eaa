export interface Series {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/u;
const SAMPLE = /^(?<name>[^{ ]+)\{(?<labels>.*)\} (?<value>\S+)$/u;
const LABEL = /(?<label>[a-zA-Z_][a-zA-Z0-9_]*)="(?<words>(?:[^"\\]|\\[\\n"])*)"(?<end>,|$)/uy;

/**
 * The series of a text in Prometheus' exposition format 0.0.4, as strictly as the textfile collector of node_exporter takes it: HELP and
 * TYPE once and before the samples, samples of a name side by side, no series twice, no time. Throws for any other text.
 */
export const parseExposition = (text: string): readonly Series[] => {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const series: Series[] = [];
  const told = new Map<string, Set<string>>();
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const [, kind = "", name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.+)$/u.exec(line) ?? [];
    if (kind !== "") {
      tell(told, kind, name, rest);
      current = name;
      continue;
    }
    const sample = parseSample(line);
    if (sample.name !== current) throw new Error(`${sample.name} is not below its own head`);
    if (told.get(current)?.has("TYPE") !== true) throw new Error(`${current} has no type`);
    if (series.some((one) => keyOf(one) === keyOf(sample))) throw new Error(`twice: ${line}`);
    series.push(sample);
  }
  return series;
};

const tell = (told: Map<string, Set<string>>, kind: string, name: string, rest: string): void => {
  if (!NAME.test(name)) throw new Error(`no name of a metric: ${name}`);
  const kinds = told.get(name) ?? new Set();
  if (kinds.has(kind)) throw new Error(`${kind} of ${name} twice`);
  if (kind === "TYPE" && rest !== "gauge") throw new Error(`${name} is a ${rest}`);
  told.set(name, kinds.add(kind));
};

const parseSample = (line: string): Series => {
  const { name = "", labels = "", value = "" } = SAMPLE.exec(line)?.groups ?? {};
  if (!NAME.test(name)) throw new Error(`no sample: ${line}`);
  if (!/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/u.test(value)) throw new Error(`no value: ${line}`);
  const found = new Map<string, string>();
  for (LABEL.lastIndex = 0; LABEL.lastIndex < labels.length;) {
    const { label = "", words = "" } = LABEL.exec(labels)?.groups ?? {};
    if (label === "" || found.has(label)) throw new Error(`labels: ${line}`);
    found.set(
      label,
      words.replaceAll(/\\(.)/gu, (_, character: string) => (character === "n" ? "\n" : character)),
    );
  }
  return { name, labels: found, value: Number(value) };
};

const keyOf = ({ name, labels }: Series): string => JSON.stringify([name, ...labels]);
