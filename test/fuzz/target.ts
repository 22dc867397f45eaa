import { mutated, type Corpus } from "./mutation.ts";
import { randomFrom, type Random } from "./random.ts";

/** Something that takes text of others and must come to an end with each, without a crash. */
export interface Target {
  readonly name: string;
  readonly corpus: Corpus;
  /** Throws for a wrong result, and for nothing else: a refusal is an answer. */
  readonly run: (input: Buffer, random: Random) => unknown;
  /** How many inputs the ordinary suite tries; 10,000 without it. */
  readonly inputs?: number;
}

export interface Fuzzed {
  readonly inputs: number;
  readonly seconds: number;
  readonly slowest: { readonly milliseconds: number; readonly input: number };
}

export const LEAST_INPUTS = 10_000;
/** No input may take longer, of the processor: what else runs on the machine does not count. */
const MOST_MILLISECONDS = 1000;

/** An input that a target does not bear. */
export class BadInput extends Error {}

/** Gives a target inputs made of its corpus by the seed. The first that breaks it ends this, with what is needed to have it again. */
export const fuzz = async (target: Target, seed: number, inputs: number): Promise<Fuzzed> => {
  const began = performance.now();
  let slowest = { milliseconds: 0, input: 0 };
  for (let input = 0; input < inputs; input += 1) {
    const milliseconds = await timeOf(target, seed, input);
    if (milliseconds > slowest.milliseconds) slowest = { milliseconds, input };
  }
  return { inputs, seconds: (performance.now() - began) / 1000, slowest };
};

/** The input with this number, and what makes choices beside it. */
const inputOf = (
  { corpus }: Target,
  seed: number,
  input: number,
): { readonly bytes: Buffer; readonly random: Random } => {
  const random = randomFrom(Math.imul(seed, 1_000_003) + input);
  return { bytes: mutated(random, corpus), random };
};

const timeOf = async (target: Target, seed: number, input: number): Promise<number> => {
  let least = Number.POSITIVE_INFINITY;
  // A machine that was busy elsewhere is asked again.
  for (let tries = 0; tries < 3 && least > MOST_MILLISECONDS / 4; tries += 1) {
    const { bytes, random } = inputOf(target, seed, input);
    const began = process.threadCpuUsage();
    try {
      const pending = target.run(bytes, random);
      if (pending instanceof Promise) await pending;
    } catch (error) {
      throw new BadInput(`${placeOf(target, seed, input)} broke it:\n${excerpt(bytes)}`, {
        cause: error,
      });
    }
    const { user, system } = process.threadCpuUsage(began);
    least = Math.min(least, (user + system) / 1000);
  }
  if (least > MOST_MILLISECONDS)
    throw new BadInput(
      `${placeOf(target, seed, input)} took ${Math.round(least)} ms:\n${excerpt(inputOf(target, seed, input).bytes)}`,
    );
  return least;
};

const placeOf = ({ name }: Target, seed: number, input: number): string =>
  `${name}, seed ${seed}, input ${input}`;

const excerpt = (bytes: Buffer): string => {
  const text = JSON.stringify(bytes.toString("latin1"));
  return text.length > 3000 ? `${text.slice(0, 2000)} ... ${text.slice(-900)}` : text;
};
