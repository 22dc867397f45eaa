import schema from "@microsoft/sarif-matcher-utils/lib/schemas/sarif-2.1.0-rtm.5.json" with { type: "json" };
import addFormats from "ajv-formats";
import Ajv from "ajv-draft-04";

// One pattern of the schema (of a language) is none in the u mode of JavaScript.
const ajv = new Ajv.default({ allErrors: true, unicodeRegExp: false });
addFormats.default(ajv);
const isSarif = ajv.compile(schema);

/** What OASIS' schema of SARIF 2.1.0 has against a document; nothing where it is one. */
export const sarifComplaints = (document: unknown): readonly string[] =>
  isSarif(document)
    ? []
    : (isSarif.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ""}`);
