/** Numbers that look drawn by lot and are the same for the same seed, on every machine. */
export interface Random {
  /** A whole number from 0 up to, and without, `below`. */
  readonly below: (below: number) => number;
  readonly pick: <T>(things: readonly [T, ...T[]]) => T;
  /** True once in so many times. */
  readonly oneIn: (times: number) => boolean;
}

/** mulberry32 by Tommy Ettinger, in the public domain. */
export const randomFrom = (seed: number): Random => {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    pick: (things) => things[below(things.length)] ?? things[0],
    oneIn: (times) => below(times) === 0,
  };
};
