/** What is said of several things at once: one of them at least is wanted, none is, or they could not be asked together. */
export type Said = "some" | "none" | "failed";

export interface Halved<Thing> {
  readonly wanted: readonly Thing[];
  /** They could not be asked even alone. */
  readonly failed: readonly Thing[];
}

/**
 * Finds the wanted ones among many with questions about several at once, halved until one is left: about 2 log2(n) questions for each
 * wanted one, whatever the number of the others. `most`: no more are asked about together.
 */
export const findByHalving = async <Thing>(
  things: readonly Thing[],
  ask: (things: readonly Thing[]) => Promise<Said>,
  most: number,
): Promise<Halved<Thing>> => {
  if (things.length === 0) return { wanted: [], failed: [] };
  const said = things.length > most ? "some" : await ask(things);
  if (said === "none") return { wanted: [], failed: [] };
  if (things.length === 1)
    return said === "some" ? { wanted: things, failed: [] } : { wanted: [], failed: things };
  const middle = Math.ceil(things.length / 2);
  const left = await findByHalving(things.slice(0, middle), ask, most);
  const right = await findByHalving(things.slice(middle), ask, most);
  return {
    wanted: [...left.wanted, ...right.wanted],
    failed: [...left.failed, ...right.failed],
  };
};
