import type { EvidenceRef } from "../../evidence/reference.ts";
import { credentialsUsed } from "../../facts/handover.ts";
import { coverageBy } from "../../facts/journal-coverage.ts";
import { credentialPlacesLine } from "../../facts/ledger.ts";
import { listed } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "credentials/silently-skipped",
  severity: "error",
  part: "cause",
  docs: {
    what: "The unit asks for a credential by name alone, and nobody provides it; the unit starts without it.",
    why: "LoadCredential= without a path and ImportCredential= inherit from the service manager. Missing is fine there by design: no 243, no failure, a directory without the file.",
    proof:
      "The setting without a path, the credential stores and the system's own credentials without that name, and the unit's directory without it where it runs.",
    ruledOut: "One of the stores holds the name, or SetCredential= gives a value.",
    confusedWith: [
      {
        id: "credentials/source-missing",
        tell: "There an absolute path is named, and the start fails.",
      },
      {
        id: "credentials/configured-unused",
        tell: "There the credential comes and the runner does not use it.",
      },
    ],
    repair: "Name the absolute path: LoadCredential=ID:/run/secrets/NAME.",
    upstream: [
      {
        project: "systemd",
        note: "The line about the skip is at debug or info level; only 256 raised it for a while (#32667, #32754).",
      },
    ],
    sources: ["systemd.exec(5), LoadCredential= and ImportCredential="],
  },
  requires: ["unit", "credentialStore", "secrets"],
  optional: ["runners", "history"],
  causes: [
    {
      mechanism: "secret-is-not-made",
      effects: [
        "guest/empty-credential",
        "guest/absent-credential",
        "runner/swallowed-read-error",
        "source/path-missing",
        "credentials/configured-unused",
        "lifecycle/crash-loop",
        "lifecycle/never-started",
      ],
    },
  ],
  *check({ unit, credentialStore, secrets, runners, history }) {
    const places = credentialStore.places.filter(({ state }) => state !== "denied");
    const heldIn = (searched: typeof places): ReadonlySet<string> =>
      new Set(searched.flatMap(({ credentials }) => credentials.map(({ name }) => name)));
    const held = heldIn(places);
    const heldPlain = heldIn(places.filter(({ path }) => !isForEncrypted(path)));
    const set = new Set(unit.setIds.map(({ value }) => value));
    const used = runners?.current === undefined ? "all" : credentialsUsed(runners.current);
    const bare = unit.credentials.flatMap(({ id, inherited, encrypted, ref }) =>
      inherited !== undefined &&
      !inherited.includes("%") &&
      !(encrypted ? held : heldPlain).has(inherited) &&
      !set.has(id)
        ? [{ id, ref, elsewhere: held.has(inherited) }]
        : [],
    );
    const loaded = new Set(unit.credentials.map(({ id }) => id));
    const imported = unit.imported
      .flatMap(({ value, ref }) =>
        importedIds(value, used, held).map((id) => ({ id, ref, elsewhere: false })),
      )
      .filter(({ id }) => !set.has(id) && !loaded.has(id));
    const skipped = [...bare, ...imported].filter(({ id }) => used === "all" || used.includes(id));
    const [first] = skipped;
    if (first === undefined || places.length < credentialStore.places.length) return;
    const given = credentialStore.given;
    const confirmed =
      given.state === "present" &&
      skipped.every(({ id }) => !given.credentials.some(({ name }) => name === id));
    if (given.state === "present" && !confirmed) return;
    const ids = skipped.map(({ id }) => id);
    const searched = coverageBy(
      "credential stores",
      `${places.map(({ path }) => path).join(", ")} were looked at`,
      credentialPlacesLine(credentialStore),
    );
    const phase = history?.phases.findLast(({ starts }) => starts.length > 0);
    yield {
      title: `Nobody provides ${listed(ids)}, and systemd starts the unit without ${ids.length === 1 ? "it" : "them"}`,
      explanation: `The unit asks for ${listed(ids)} by name alone. ${whereItIsNot(
        ids,
        skipped.some(({ elsewhere }) => elsewhere),
      )} systemd skips what it cannot inherit and says so only in a debug line.`,
      certainty: confirmed ? "proven" : "strong",
      subject: { credentials: ids.join(" ") },
      evidence: nonEmpty<EvidenceRef>(first.ref, searched, ...(confirmed ? [given.ref] : [])),
      scope: {
        secrets: secrets
          .filter(({ credentialIds }) => credentialIds.some((id) => ids.includes(id)))
          .map(({ name }) => name),
        starts: phase?.starts.map(({ id }) => id) ?? [],
        inForce: true,
        ...(phase === undefined ? {} : { phase: phase.index }),
      },
    };
  },
});

/** LoadCredential= without a path looks only where plain credentials lie (systemd.exec(5)). */
const isForEncrypted = (path: string): boolean =>
  /(?:credstore\.encrypted|@encrypted)$/u.test(path);

/** The ids that a value of ImportCredential= (`GLOB` or `GLOB:PREFIX`) should bring and that nobody holds; of a pattern those that the runner takes. */
const importedIds = (
  value: string,
  used: readonly string[] | "all",
  held: ReadonlySet<string>,
): readonly string[] => {
  const [glob = value, renamed] = value.split(":");
  if (glob.includes("%")) return [];
  if (!/[*?[]/u.test(glob)) return held.has(glob) ? [] : [renamed ?? glob];
  if (renamed !== undefined || used === "all") return [];
  const pattern = new RegExp(
    `^${glob
      .replaceAll(/[.+^${}()|\\]/gu, String.raw`\$&`)
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
    "u",
  );
  return used.filter((id) => pattern.test(id) && !held.has(id));
};

const whereItIsNot = (ids: readonly string[], onlyEncrypted: boolean): string => {
  const it = ids.length === 1 ? "it" : "them";
  return onlyEncrypted
    ? `Only a store of encrypted credentials holds ${it}, and LoadCredential= does not look there: LoadCredentialEncrypted= or ImportCredential= would.`
    : `No credential store of the host holds ${it}, nor do the system's own credentials;`;
};
