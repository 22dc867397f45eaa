/** What the C library says for the numbers that the scenarios use (errno(3)). */
const WORDS: Readonly<Record<number, string>> = {
  1: "Operation not permitted",
  2: "No such file or directory",
  3: "No such process",
  7: "Argument list too long",
  13: "Permission denied",
  22: "Invalid argument",
  32: "Broken pipe",
  65: "Package not installed",
  71: "Protocol error",
  74: "Bad message",
  89: "Destination address required",
  111: "Connection refused",
  112: "Host is down",
  116: "Stale file handle",
};

export const errnoWord = (errno: number): string => {
  const word = WORDS[errno];
  if (word === undefined) throw new Error(`no word for errno ${errno}: add it to errno.ts`);
  return word;
};
