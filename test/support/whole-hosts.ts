import type { EvidenceMap } from "../../src/evidence/evidence.ts";
import { hostPath } from "../../src/vocabulary.ts";
import {
  credential,
  denied,
  hostJournal,
  identity,
  link,
  quietHost,
  readOf,
  runner,
  secretFiles,
  start,
  state,
  store,
  unit,
  vmJournal,
  walkTo,
  walkToNothing,
} from "./literals.ts";

const KEY = "/run/secrets/demo/api-key";
const RUNNER = store("microvm-qemu-demo-vm");

/** A host of which everything could be read, whose runner reads a secret itself and is refused. */
const refused: EvidenceMap = {
  identity,
  hostJournal: hostJournal(),
  vmJournal: vmJournal([start(10, { lives: 1, says: [denied(KEY)] })]),
  state: state({ current: link("current", RUNNER), booted: link("booted", RUNNER) }),
  runners: { current: runner({ reads: [readOf(KEY)] }) },
  unit: unit({ credentials: [credential("api-key", KEY)] }),
  secretFiles: secretFiles(walkTo(KEY)),
  store: { runners: [], rootsSeen: 0, queries: [] },
  generations: { list: [], profile: hostPath("/nix/var/nix/profiles/system"), newest: 1 },
  ...quietHost,
};

/** Hosts with all evidence, on which a rule reads what it declares unless it needs something special. */
export const WHOLE_HOSTS: readonly EvidenceMap[] = [
  refused,
  {
    ...refused,
    unit: unit(),
    vmJournal: vmJournal([start(10)]),
    secretFiles: secretFiles(walkToNothing(KEY)),
  },
  {
    ...refused,
    unit: unit({ sandbox: [{ key: "PrivateUsers", value: "yes", ref: readOf(KEY).ref }] }),
    secretFiles: secretFiles(walkTo(KEY, { mode: 0o444 })),
  },
];
