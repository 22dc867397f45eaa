/** A command as a shell takes it: words that hold more than plain characters are quoted. */
export const shellWords = (argv: readonly string[]): string => argv.map(quoted).join(" ");

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
