/** The documents in JSON that have a schema, by the command that writes them; `error` is what any command writes that fails. */
export const DOCUMENTS = [
  "diagnose",
  "check",
  "timeline",
  "timeline-row",
  "list",
  "error",
] as const;
export type DocumentName = (typeof DOCUMENTS)[number];
