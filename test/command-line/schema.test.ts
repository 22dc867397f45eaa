import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { jsonSchema } from "../../src/report/schema/json-schema.ts";
import { DOCUMENTS } from "../../src/report/schema/names.ts";
import { strictComplaints } from "../support/own-schema.ts";
import { REPOSITORY, runMvdoctor } from "../support/run-node.ts";

const BUNDLE = join(REPOSITORY, "fixtures/incidents/secret-never-loaded/evidence.mvb");

describe("mvdoctor schema", () => {
  it("prints the schema of a diagnosis", () => {
    const { status, stdout } = runMvdoctor(["schema"]);
    expect([status, JSON.parse(stdout)]).toEqual([0, jsonSchema("diagnose")]);
  });

  it.for(DOCUMENTS)("prints that of %s", (name) => {
    const { status, stdout } = runMvdoctor(["schema", name]);
    expect([status, JSON.parse(stdout)]).toEqual([0, jsonSchema(name)]);
  });

  it("knows no other", () => {
    expect(runMvdoctor(["schema", "weather"])).toMatchObject({ status: 2, stdout: "" });
  });
});

describe("the schema of errors holds for", () => {
  it.for([
    ["a VM that is not there", ["diagnose", "no-vm", "--bundle", BUNDLE, "--json"], 4],
    ["a flag that is not there", ["diagnose", "--bad", "--json"], 2],
    [
      "a file that cannot be written",
      ["list", "--bundle", BUNDLE, "--json", "--output-file", "/proc/x"],
      2,
    ],
    ["a bundle that is none", ["check", "--bundle", join(REPOSITORY, "package.json"), "--json"], 5],
  ] as const)("%s", ([, args, ended]) => {
    const { status, stdout } = runMvdoctor(args);
    expect([status, strictComplaints("error", JSON.parse(stdout))]).toEqual([ended, []]);
  });
});
