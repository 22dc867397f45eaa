import { HOSTILE_BYTES, HOSTILE_PIECES } from "./hostile-pieces.ts";
import type { Random } from "./random.ts";

export type Corpus = readonly [Buffer, ...Buffer[]];

type Change = (bytes: Buffer, random: Random, corpus: Corpus) => Buffer;

/** What stays of an input, so that many of them are tried in little time. */
const MOST_BYTES = 2048;
/** One in so many may be this long. */
const LONG = { oneIn: 400, bytes: 32 * 1024 };

/** An item of the corpus after one to four changes: each is like what a damaged, cut or forged input looks like. */
export const mutated = (random: Random, corpus: Corpus): Buffer => {
  let bytes = random.pick(corpus);
  for (let left = 1 + random.below(4); left > 0; left -= 1)
    bytes = random.pick(CHANGES)(bytes, random, corpus);
  return bytes.subarray(0, random.oneIn(LONG.oneIn) ? LONG.bytes : MOST_BYTES);
};

const placeIn = (bytes: Buffer, random: Random): number => random.below(bytes.length + 1);

const joined = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

const inserted = (bytes: Buffer, at: number, piece: Uint8Array): Buffer =>
  joined(bytes.subarray(0, at), piece, bytes.subarray(at));

const flipBit: Change = (bytes, random) => {
  const copy = Buffer.from(bytes);
  const at = random.below(copy.length);
  if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  return copy;
};

const overwrite: Change = (bytes, random) => {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy[random.below(copy.length)] = random.below(256);
  return copy;
};

const truncate: Change = (bytes, random) => bytes.subarray(0, placeIn(bytes, random));

const drop: Change = (bytes, random) => {
  const at = placeIn(bytes, random);
  return joined(bytes.subarray(0, at), bytes.subarray(at + random.below(64)));
};

const duplicate: Change = (bytes, random) => {
  const from = placeIn(bytes, random);
  return inserted(bytes, placeIn(bytes, random), bytes.subarray(from, from + random.below(512)));
};

const splice: Change = (bytes, random, corpus) => {
  const other = random.pick(corpus);
  return joined(bytes.subarray(0, placeIn(bytes, random)), other.subarray(placeIn(other, random)));
};

const hostilePiece: Change = (bytes, random) =>
  inserted(bytes, placeIn(bytes, random), Buffer.from(random.pick(HOSTILE_PIECES)));

const hostileBytes: Change = (bytes, random) =>
  inserted(bytes, placeIn(bytes, random), random.pick(HOSTILE_BYTES));

/** A short piece of the input many times over: what patterns go back and forth in. */
const repeat: Change = (bytes, random) => {
  const from = placeIn(bytes, random);
  const piece = bytes.subarray(from, from + 1 + random.below(12));
  const times = random.oneIn(20) ? 3000 : 1 + random.below(60);
  return inserted(bytes, from, Buffer.alloc(piece.length * times, piece));
};

const nest: Change = (bytes, random) => {
  const [open, close] = random.pick([
    ["[", "]"],
    ['{"a":', "}"],
    ["$(", ")"],
    ["(", ")"],
    ['"$(', ')"'],
  ]);
  const depth = random.oneIn(20) ? 3000 : 1 + random.below(20);
  const at = placeIn(bytes, random);
  return joined(
    bytes.subarray(0, at),
    Buffer.from(open.repeat(depth)),
    Buffer.from(random.oneIn(2) ? close.repeat(depth) : ""),
    bytes.subarray(at),
  );
};

/** The value behind a colon, an equals sign or a blank is another one. */
const replaceValue: Change = (bytes, random) => {
  const text = bytes.toString("latin1");
  const places = [...text.matchAll(/[=: ]/gu)];
  const place = places[random.below(Math.max(1, places.length))]?.index;
  if (place === undefined) return bytes;
  const end = text.slice(place + 1).search(/[\s,;}\]]/u);
  return joined(
    bytes.subarray(0, place + 1),
    Buffer.from(random.pick(HOSTILE_PIECES)),
    end === -1 ? Buffer.alloc(0) : bytes.subarray(place + 1 + end),
  );
};

const shuffleLines: Change = (bytes, random) => {
  const lines = bytes.toString("latin1").split("\n");
  const from = random.below(lines.length);
  const [line = ""] = lines.splice(from, 1);
  lines.splice(random.below(lines.length + 1), 0, line);
  return Buffer.from(lines.join("\n"), "latin1");
};

const CHANGES: readonly [Change, ...Change[]] = [
  flipBit,
  overwrite,
  truncate,
  drop,
  duplicate,
  splice,
  hostilePiece,
  hostilePiece,
  hostileBytes,
  repeat,
  nest,
  replaceValue,
  replaceValue,
  shuffleLines,
];
