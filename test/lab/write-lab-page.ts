import { readFile, writeFile } from "node:fs/promises";
import { withTables } from "./lab-page.ts";

/** Writes the tables of docs/lab.md from the failures. */
await writeFile("docs/lab.md", withTables(await readFile("docs/lab.md", "utf8")));
