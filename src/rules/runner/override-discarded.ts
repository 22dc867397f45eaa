import type { ConfigurationRepository } from "../../evidence/configuration-repository.ts";
import type { CommandRef, EvidenceRef } from "../../evidence/reference.ts";
import type { Runner } from "../../evidence/runner.ts";
import type { StateDirectory } from "../../evidence/state-directory.ts";
import type { Generations, Store, StoredRunner } from "../../evidence/store.ts";
import { declaresReservedScript } from "../../facts/configuration.ts";
import { waysForSecrets } from "../../facts/handover.ts";
import type { Secret } from "../../facts/secrets.ts";
import { listed } from "../../facts/wording.ts";
import { defineRule, type Misleading, type Observation } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "runner/override-discarded",
  severity: "warning",
  part: "circumstance",
  docs: {
    what: "A customised `microvm-run` was built or is declared, and the runner in force is not it and references it nowhere.",
    why: "microvm.nix merges its own scripts over the user's: `binScripts // { microvm-run = ...; }` is right-biased. Reserved names (microvm-run, microvm-shutdown, microvm-balloon) are replaced without a warning, and mkForce cannot help, since the loss happens after priorities are resolved. Other names do reach the host.",
    proof:
      "A runner script of this VM in the store that has a way for secrets, with no referrer that leads to a generation or to the runner in force. Upstream cannot have built it from a discarded option: another evaluation did. Without one in the store: a configuration repository (--flake) whose HEAD declares a microvm-run in binScripts in a file that names the VM.",
    ruledOut:
      "The customised script is in the closure of the runner in force or of a generation, or the runner in force has a way for secrets of its own.",
    confusedWith: [
      {
        id: "runner/not-deployed",
        tell: "There the newest build is right and never became the running system.",
      },
      {
        id: "runner/stale-current",
        tell: "There the newest generation installs the customised runner, and `current` was not changed.",
      },
      {
        id: "runner/no-secret-path",
        tell: "That one says what is wrong now; this one says what was tried and why it has no effect.",
      },
      {
        id: "runner/unknown-origin",
        tell: "There the runner that runs, or ran, is the one that nobody declares.",
      },
    ],
    repair:
      "Replace the whole runner (microvm.declaredRunner with mkForce), or use a hook that feeds the default one (microvm.preStart, extraArgsScript, the hypervisor's package), or override ExecStart= on the host.",
    upstream: [
      {
        project: "microvm.nix",
        from: "3d3429b (2024-12-03)",
        note: "binScripts exists, and reserved names in it are replaced; unchanged at 71beea0 (2026-08-09). Before, there was no such option.",
      },
    ],
    sources: ["microvm.nix lib/runner.nix:171-207 at 71beea0; the same since 3d3429b (2024-12-03)"],
  },
  requires: ["store", "runners", "secrets", "state"],
  optional: ["generations", "history", "configurationRepository"],
  *check({ store, runners, secrets, state, generations, history, configurationRepository }) {
    const inForce = runners.current;
    if (inForce === undefined || waysForSecrets(inForce, secrets).length > 0) return;
    const found: Found = {
      inForce,
      discarded: unusedWithWays(inForce, { store, secrets, state, generations }),
      declared: configurationRepository === undefined ? [] : declaration(configurationRepository),
    };
    const phase = history?.phases.at(-1)?.index;
    const scope = { inForce: true, ...(phase === undefined ? {} : { phase }) };
    const built = builtAndUnused(found, store, secrets);
    if (built !== undefined) yield { ...built, scope, misleading: MISLEADING };
    else if (secrets.length > 0 && found.declared.length > 0)
      yield { ...onlyDeclared(found), scope, misleading: MISLEADING };
  },
});

interface Found {
  readonly inForce: Runner;
  readonly discarded: readonly StoredRunner[];
  /** Files of the configuration's HEAD that declare a reserved script, with the search that found each. */
  readonly declared: readonly { readonly file: string; readonly ref: CommandRef }[];
}

const declaration = (repository: ConfigurationRepository): Found["declared"] => {
  const search = repository.searches.find(({ text }) => text === "microvm-run");
  return declaresReservedScript(repository).flatMap((file) =>
    search === undefined ? [] : [{ file, ref: { ...search.ref, text: `HEAD has it in ${file}` } }],
  );
};

/** Runners in the store that would carry secrets, and that neither a link, a generation nor the runner in force needs. */
const unusedWithWays = (
  inForce: Runner,
  {
    store,
    secrets,
    state,
    generations,
  }: {
    readonly store: Store;
    readonly secrets: readonly Secret[];
    readonly state: StateDirectory;
    readonly generations: Generations | undefined;
  },
): readonly StoredRunner[] => {
  const installed = new Set((generations?.list ?? []).flatMap(({ runner }) => runner ?? []));
  const linked = new Set(Object.values(state.links).flatMap((link) => link.store ?? []));
  return store.runners.filter(
    ({ path, runner, object, valid }) =>
      !installed.has(path) &&
      !linked.has(path) &&
      path !== inForce.scriptStore &&
      (valid === false ||
        (object === undefined
          ? store.databaseProblem !== undefined && installed.size > 0
          : object.referrers.length === 0)) &&
      waysForSecrets(runner, secrets).length > 0,
  );
};

const WHAT_HAPPENS =
  "The host does take what the guest's configuration declares, except for reserved names: microvm.nix puts its own microvm-run over one in microvm.binScripts, silently, and mkForce does not change that. ";

type Told = Omit<Observation, "scope" | "misleading">;

const builtAndUnused = (
  { inForce, discarded, declared }: Found,
  store: Store,
  secrets: readonly Secret[],
): Told | undefined => {
  const [first, ...more] = discarded;
  if (first === undefined) return undefined;
  const all = discarded.flatMap(({ runner }) => waysForSecrets(runner, secrets));
  const ways = all.filter(
    ({ title }, index) => all.findIndex((way) => way.title === title) === index,
  );
  const one = more.length === 0;
  return {
    title: "A runner with a way for secrets was built, and nothing uses it",
    explanation:
      `${listed(discarded.map(({ path }) => path))} ${one ? "lies" : "lie"} in the store and would carry secrets (${ways
        .map(({ title }) => title)
        .slice(0, 3)
        .join("; ")}). ` +
      (store.databaseProblem === undefined
        ? `The runner in force does not reference ${one ? "it" : "them"}, and neither does any generation of this host. `
        : `No runner directory of this VM holds ${one ? "it" : "them"}, and no generation of this host installs ${one ? "it" : "them"}; what else may need ${one ? "it" : "them"}, only the Nix database would tell. `) +
      WHAT_HAPPENS +
      (declared.length === 0
        ? ""
        : `The configuration declares one in ${listed(declared.map(({ file }) => file))}. `) +
      `So a discarded option is never built; that this script exists shows that another evaluation made it (a changed copy of microvm.nix, another generation, a build by hand).`,
    certainty: store.databaseProblem === undefined ? "proven" : "strong",
    subject: { built: first.path, runner: inForce.directory ?? inForce.script },
    evidence: nonEmpty<EvidenceRef>(
      first.ref,
      ...more.map(({ ref }) => ref),
      ...ways.slice(0, 2).map(({ ref }) => ref),
      inForce.ref,
      ...declared.slice(0, 1).map(({ ref }) => ref),
      ...store.queries.slice(1, 2),
    ),
  };
};

const onlyDeclared = ({ inForce, declared }: Found): Told => ({
  title: "A microvm-run is declared for this VM, and microvm.nix discards it",
  explanation:
    `The configuration declares a microvm-run in binScripts, in ${listed(declared.map(({ file }) => file))}; ${inForce.directory ?? inForce.script} is in force and has no way for a secret. ` +
    WHAT_HAPPENS +
    `That HEAD is what was built is not proven by this.`,
  certainty: "strong",
  subject: { runner: inForce.directory ?? inForce.script, ...declaredIn(declared) },
  evidence: nonEmpty<EvidenceRef>(inForce.ref, ...declared.map(({ ref }) => ref)),
});

const declaredIn = ([first]: Found["declared"]): { readonly declared?: string } =>
  first === undefined ? {} : { declared: first.file };

const MISLEADING: readonly Misleading[] = [
  {
    title: "microvm.binScripts.microvm-run, with or without mkForce",
    why: "microvm-run is a reserved name: microvm.nix puts its own script over it, after all priorities are settled, and says nothing.",
  },
  {
    title: "Making the VM imperative, or a machine of its own",
    why: "The runner is built by the same function there, and discards the same name. A secret of the guest's own configuration is not on the host either, where the runner would have to read it.",
  },
];
