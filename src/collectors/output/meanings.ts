import { stripVTControlCharacters } from "node:util";
import type { OutputMeaning } from "../../evidence/output.ts";
import { fileErrors } from "./file-errors.ts";
import { guestWords } from "./guest.ts";
import { unboundVariables } from "./service-manager.ts";
import { valueWords } from "./values.ts";
import { vmmErrors } from "./vmm.ts";

/** The text of a line without ANSI escape sequences (ECMA-48) and carriage returns: a guest's console writes both. */
const withoutTerminalNoise = (text: string): string =>
  stripVTControlCharacters(text).replaceAll("\r", "");

/**
 * What a line of a unit's own output says that rules can use; a line may say several things.
 * Matches errno words and the shapes of the field, never one program's whole sentence.
 */
export const meaningsOf = (message: string): readonly OutputMeaning[] => {
  const text = withoutTerminalNoise(message);
  return [
    ...fileErrors(text),
    ...guestWords(text),
    ...vmmErrors(text),
    ...unboundVariables(text),
    ...valueWords(text),
  ];
};
