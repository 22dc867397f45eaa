import { mkdir, rm, writeFile } from "node:fs/promises";
import { DOCUMENTS, renderJsonSchema } from "../index.ts";

const FOLDER = new URL("../../docs/schema/", import.meta.url);

/** The files of docs/schema by their name, as `mvdoctor schema` prints them. */
export const jsonSchemas = async (): Promise<ReadonlyMap<string, string>> => {
  const files = new Map<string, string>();
  for (const name of DOCUMENTS) files.set(`${name}.json`, await renderJsonSchema(name));
  return files;
};

if (import.meta.main) {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER);
  for (const [name, text] of await jsonSchemas()) await writeFile(new URL(name, FOLDER), text);
}
