import { describe, expect, it } from "vitest";
import { readAgenixScript } from "../../src/collectors/agenix-script.ts";
import { collectRegistrations } from "../../src/collectors/registrations.ts";
import { readRunnerScript } from "../../src/collectors/runner-script.ts";
import { parseAccessLists } from "../../src/collectors/secret-files.ts";
import { parseRegistrations } from "../../src/collectors/store.ts";
import { readBoots } from "../../src/journal/boots.ts";
import { hostPath, storePathOf } from "../../src/vocabulary.ts";
import { answeringHost } from "../fuzz/answering-host.ts";

const STORED = "/nix/store/1gxbcs0r2x20qapxyrx92qhv8b072sgm-a";
const SCRIPT = hostPath(STORED);

describe("getfacl", () => {
  const listOf = (path: string): readonly string[] => [
    ...parseAccessLists(`# file: ${path}\nuser::rw-\nuser:1000:r--\nmask::r--\n`).lists.keys(),
  ];

  it("names files by their bytes, of which several make a character", () => {
    expect(listOf(String.raw`/run/\303\274ber`)).toEqual(["/run/über"]);
  });

  it.each(["relative", "", String.raw`\999`])("has no list for %j, which is no path", (path) => {
    expect(listOf(path)).toEqual([]);
  });
});

describe("nix", () => {
  it.each(["-5", "-6", "1e99"])("with %s references in its dump comes to an end", (count) => {
    const dump = [STORED, "hash", "1", "", count, STORED, "hash", "1", "", "0"];
    expect(parseRegistrations(dump)).toEqual([]);
  });

  it.each([1e300, 9.1e9, -1e12])("with a registration at %s has no time", async (seconds) => {
    const answer = Buffer.from(JSON.stringify({ [STORED]: { registrationTime: seconds } }));
    const path = storePathOf(STORED);
    const found = await collectRegistrations(
      answeringHost(answer),
      path === undefined ? [] : [path],
    );
    expect(found).toMatchObject({ status: "collected", value: { times: new Map() } });
  });
});

it("a boot whose time nobody can count is no boot", async () => {
  const answer = '[{"boot_id":"a","first_entry":1e300,"last_entry":1e300}]';
  expect(await readBoots(answeringHost(Buffer.from(answer)))).toMatchObject({
    boots: [],
    failure: "the list of boots could not be understood",
  });
});

describe("a script", () => {
  it("does not grow by variables that hold each other", () => {
    const lines = Array.from({ length: 60 }, () => "a=/$a$a");
    expect(readRunnerScript(SCRIPT, ["a=/x", ...lines].join("\n")).channels).toEqual([]);
    const paths = Array.from({ length: 60 }, () => '_truePath="$_truePath$_truePath"');
    expect(readAgenixScript(SCRIPT, ['_truePath="/x"', ...paths].join("\n")).secrets).toEqual([]);
  });

  it("may nest substitutions as deep as it likes", () => {
    const nested = `x=${'"$(a '.repeat(20_000)}$(cat /run/secrets/key)`;
    expect(readRunnerScript(SCRIPT, nested).reads).toHaveLength(1);
  });
});
