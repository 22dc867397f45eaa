import Ajv from "ajv/dist/2020.js";
import { jsonSchema } from "../../src/report/schema/json-schema.ts";
import type { DocumentName } from "../../src/report/schema/names.ts";

type Validate = ReturnType<InstanceType<typeof Ajv.default>["compile"]>;

/** In strict mode, which refuses a schema that says less than it seems to. */
const compiled = (change: (schema: object) => object): ((name: DocumentName) => Validate) => {
  const ajv = new Ajv.default({ strict: true, allErrors: true });
  const validators = new Map<DocumentName, Validate>();
  return (name) => {
    const validate = validators.get(name) ?? ajv.compile(change(jsonSchema(name)));
    validators.set(name, validate);
    return validate;
  };
};

/** A schema that allows no key that it does not name: one that is new has to be told in it, too. */
const closed = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]: [string, unknown]) => [key, closed(value)]),
  );
  return "properties" in schema && "type" in schema
    ? { additionalProperties: false, ...inner }
    : inner;
};

const published = compiled((schema) => schema);
const complete = compiled((schema) => closed(schema) as object);

const complaintsOf = (validate: Validate, document: unknown): readonly string[] =>
  validate(document)
    ? []
    : (validate.errors ?? []).map(
        ({ instancePath, message, params }) =>
          `${instancePath} ${message ?? ""} ${JSON.stringify(params)}`,
      );

/** What the published schema has against a document. */
export const complaints = (name: DocumentName, document: unknown): readonly string[] =>
  complaintsOf(published(name), document);

/** The same, and what stands in the document that the schema does not know. */
export const strictComplaints = (name: DocumentName, document: unknown): readonly string[] =>
  complaintsOf(complete(name), document);
