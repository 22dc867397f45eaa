import { parseExposition } from "./exposition.ts";
import { strictComplaints } from "./own-schema.ts";
import { sarifComplaints } from "./sarif-schema.ts";
import { parseXml } from "./xml-tree.ts";

const parsed = (parse: (text: string) => unknown) => (text: string) => {
  parse(text);
  return [];
};

/** By the name of a page in `pagesOf`, what is against it as a document of its format. */
const COMPLAINTS: Readonly<Record<string, (text: string) => readonly string[]>> = {
  "diagnosis as json": (text) => strictComplaints("diagnose", JSON.parse(text)),
  "check as json": (text) => strictComplaints("check", JSON.parse(text)),
  "timeline as json": (text) => strictComplaints("timeline", JSON.parse(text)),
  "list as json": (text) => strictComplaints("list", JSON.parse(text)),
  "timeline followed as json": (text) =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .flatMap((line) => strictComplaints("timeline-row", JSON.parse(line))),
  "diagnosis as sarif": (text) => sarifComplaints(JSON.parse(text)),
  "check as sarif": (text) => sarifComplaints(JSON.parse(text)),
  "diagnosis as junit": parsed(parseXml),
  "check as junit": parsed(parseXml),
  "diagnosis as prometheus": parsed(parseExposition),
  "check as prometheus": parsed(parseExposition),
};

/** What is against pages that programs read; throws where one is not there, or cannot be read at all. */
export const pageComplaints = (pages: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(COMPLAINTS).flatMap(([page, complaintsOf]) => {
    const text = pages[page];
    if (text === undefined) throw new Error(`there is no ${page}`);
    return complaintsOf(text).map((complaint) => `${page}: ${complaint}`);
  });
