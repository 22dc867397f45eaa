import { describe, expect, it } from "vitest";
import { findSecrets, type Secret } from "../../src/facts/secrets.ts";
import type { Runner } from "../../src/evidence/runner.ts";
import { credential, readOf, runner, size, start, unit, vmJournal } from "../support/literals.ts";

const rows = (secrets: readonly Secret[]) =>
  secrets.map(({ name, paths, credentialIds, guestNames }) => ({
    name,
    paths,
    ids: credentialIds,
    guest: guestNames,
  }));

describe("the secrets of a VM", () => {
  it("are one row for a path, an id and a guest's name of the same word", () => {
    const secrets = findSecrets({
      unit: unit({ credentials: [credential("api-key", "/run/secrets/demo/api-key")] }),
      vmJournal: vmJournal([start(10, { says: [size("API_KEY", 40)] })]),
    });
    expect(rows(secrets)).toEqual([
      {
        name: "api-key",
        paths: ["/run/secrets/demo/api-key"],
        ids: ["api-key"],
        guest: ["API_KEY"],
      },
    ]);
    expect(secrets[0]?.reports).toHaveLength(1);
  });

  it("are two where the unit loads two files of one name", () => {
    const secrets = findSecrets({
      unit: unit({
        credentials: [
          credential("mail-password", "/run/secrets/mail/password"),
          credential("db-password", "/run/secrets/db/password"),
        ],
      }),
      vmJournal: vmJournal([start(10, { says: [size("DB_PASSWORD", 0)] })]),
    });
    expect(rows(secrets)).toEqual([
      {
        name: "db-password",
        paths: ["/run/secrets/db/password"],
        ids: ["db-password"],
        guest: ["DB_PASSWORD"],
      },
      {
        name: "mail-password",
        paths: ["/run/secrets/mail/password"],
        ids: ["mail-password"],
        guest: [],
      },
    ]);
  });

  it("are two where a runner reads two files of one name, told apart by their directories", () => {
    const secrets = findSecrets({
      runners: {
        current: runner({
          reads: [readOf("/run/secrets/mail/password"), readOf("/run/secrets/db/password")],
        }),
      },
    });
    expect(rows(secrets).map(({ name }) => name)).toEqual(["db/password", "mail/password"]);
  });

  it("are one where the unit and the runner have two places for it", () => {
    const secrets = findSecrets({
      unit: unit({ credentials: [credential("api-key", "/run/secrets/web/api-key")] }),
      runners: { current: runner({ reads: [readOf("/run/agenix/api-key")] }) },
    });
    expect(secrets).toHaveLength(1);
  });

  it("are the variables that a runner passes on, where one file of the environment sets them", () => {
    const file = { value: "/run/secrets/web/env", ref: runner().ref };
    const passing = runner({
      channels: ["API_KEY", "DB_PASSWORD"].map((name) => ({
        kind: "oem-runtime",
        names: [name],
        values: [{ name, form: "expanded", encoded: false, unset: [name] }],
        ref: runner().ref,
      })),
    });
    const told = (current: Runner) =>
      rows(findSecrets({ unit: unit({ environmentFiles: [file] }), runners: { current } }));
    expect(told(passing).map(({ name, paths }) => [name, paths])).toEqual([
      ["API_KEY", ["/run/secrets/web/env"]],
      ["DB_PASSWORD", ["/run/secrets/web/env"]],
    ]);
    expect(told(runner()).map(({ name }) => name)).toEqual(["env"]);
  });

  it("are called by what is asked for where a socket provides them", () => {
    const secrets = findSecrets({
      unit: unit({
        credentials: [
          credential("api-key", "/run/vault/agent.sock"),
          credential("db-password", "/run/vault/agent.sock"),
        ],
      }),
    });
    expect(rows(secrets).map(({ name }) => name)).toEqual(["api-key", "db-password"]);
  });
});
