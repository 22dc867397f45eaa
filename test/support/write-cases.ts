import { writeFile } from "node:fs/promises";

import { casesPage, loadCorpus } from "./cases.ts";
import { loadScenarioCases } from "./scenario-file.ts";

/** Writes the table of cases in docs/ from the scenarios. */
await writeFile("docs/cases.md", casesPage(await loadCorpus(), await loadScenarioCases()));
