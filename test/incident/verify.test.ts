import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verify } from "../../src/requests/verify.ts";
import { REPOSITORY, runMvdoctor } from "../support/run-node.ts";

const SHIPPED = join(REPOSITORY, "fixtures/incidents/secret-never-loaded/evidence.mvb");
const NOW = ["--now", "2025-09-27 01:52:00"];

let scratch = "";
let report = "";
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "mvdoctor-verify-"));
  report = runMvdoctor(["diagnose", "--json", "--bundle", SHIPPED, ...NOW]).stdout;
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

const written = async (text: string): Promise<string> => {
  const file = join(scratch, "report.json");
  await writeFile(file, text);
  return file;
};

const verified = async (text: string) => {
  const answer = await verify(await written(text), { source: { bundle: SHIPPED }, times: {} });
  if (answer.status !== "verified") throw new Error(JSON.stringify(answer));
  return answer.verification.findings;
};

describe("a report that is verified", () => {
  it("holds where its evidence is as it says", async () => {
    const file = await written(report);
    const { status, stdout } = runMvdoctor(["verify", file, "--bundle", SHIPPED]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^of 11 findings 11 hold, 0 no longer hold, 0 could not be checked$/mu);
    expect(
      JSON.parse(runMvdoctor(["verify", file, "--json", "--bundle", SHIPPED]).stdout),
    ).toMatchObject({ schemaVersion: 1, findings: expect.objectContaining({ length: 11 }) });
  });

  it.each([
    ["a mode", '"mode": "0400"', '"mode": "0440"', "access/file-mode", "mode was 0440, is 0400"],
    [
      "a line of the journal",
      "api-key: Permission denied",
      "api-key: No such device",
      "access/file-mode",
      "the entry says",
    ],
    [
      "a cursor",
      /"cursor": "s=[0-9a-f]{32}/u,
      '"cursor": "s=00000000000000000000000000000000',
      "access/file-mode",
      "the journal does not hold this entry any more",
    ],
  ])("names the finding that rests on %s that is not so", async (_, from, to, id, why) => {
    const forged = report.replaceAll(
      typeof from === "string" ? from : new RegExp(from.source, "gu"),
      to,
    );
    expect(forged).not.toBe(report);
    const wrong = (await verified(forged)).filter(({ verdict }) => verdict === "no-longer-holds");
    expect(wrong.map((one) => one.id)).toContain(id);
    expect(JSON.stringify(wrong)).toContain(why);
    const file = await written(forged);
    expect(runMvdoctor(["verify", file, "--bundle", SHIPPED]).status).toBe(1);
  });

  it("names the finding that the rules do not come to", async () => {
    const forged = report.replaceAll('"access/file-mode"', '"access/mac-denied"');
    const found = (await verified(forged)).filter(({ isFoundAgain }) => !isFoundAgain);
    expect(found.map(({ id }) => id)).toEqual(["access/mac-denied"]);
  });

  it("runs no command because a report says so", async () => {
    const forged = JSON.parse(report) as {
      evidence: unknown[];
      vms: { findings: { evidence: string[] }[] }[];
    };
    const argv = ["touch", join(scratch, "ran")];
    forged.evidence.push({ id: "e999", kind: "command", argv, exitCode: 0 });
    forged.vms[2]?.findings[0]?.evidence.push("e999");
    const findings = await verified(JSON.stringify(forged));
    const unknown = findings.find(({ verdict }) => verdict === "unknown");
    expect(JSON.stringify(unknown)).toContain("did not come to ask this");
  });

  it.each([
    ["no JSON", "hello"],
    ["another JSON", "{}"],
    ["a report of another version", '{"schemaVersion": 2}'],
  ])("is refused where it is %s", async (_, text) => {
    const ended = runMvdoctor(["verify", await written(text), "--bundle", SHIPPED]);
    expect(ended).toMatchObject({ status: 2, stdout: "" });
    expect(ended.stderr).toContain("cannot be verified");
  });
});
