/** So many characters are looked up at most: a longer text is rare, and costs memory. */
const LONGEST = 1024;

/**
 * A function of texts that remembers its answers to recent ones: at least the last `most` different texts, at most twice as many. A
 * program that fails says the same sentences ten thousand times.
 */
export const recentAnswers = <Answer>(
  answer: (text: string) => Answer,
  most: number,
): ((text: string) => Answer) => {
  let recent = new Map<string, Answer>();
  let older: ReadonlyMap<string, Answer> = new Map();
  return (text) => {
    if (text.length > LONGEST) return answer(text);
    const known = recent.get(text);
    if (known !== undefined) return known;
    const found = older.get(text) ?? answer(text);
    if (recent.size >= most) {
      older = recent;
      recent = new Map();
    }
    recent.set(text, found);
    return found;
  };
};
