export interface Ends<Item> {
  readonly first: readonly Item[];
  readonly leftOut: number;
  readonly last: readonly Item[];
}

/** All of a list that has at most `most`; else its beginning and its end, and how many lie between them. */
export const ends = <Item>(items: readonly Item[], most: number): Ends<Item> => {
  if (items.length <= most) return { first: items, leftOut: 0, last: [] };
  const half = Math.floor(most / 2);
  return {
    first: items.slice(0, half),
    leftOut: items.length - 2 * half,
    last: items.slice(-half),
  };
};
