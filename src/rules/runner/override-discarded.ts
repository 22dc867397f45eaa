import type { EvidenceRef } from "../../evidence/reference.ts";
import { waysForSecrets } from "../../facts/handover.ts";
import { listed } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "runner/override-discarded",
  severity: "warning",
  part: "circumstance",
  docs: {
    what: "A customised `microvm-run` was built, and the runner in force is not it and references it nowhere.",
    why: "microvm.nix merges its own scripts over the user's: `binScripts // { microvm-run = ...; }` is right-biased. Reserved names (microvm-run, microvm-shutdown, microvm-balloon) are replaced without a warning, and mkForce cannot help, since the loss happens after priorities are resolved. Other names do reach the host.",
    proof:
      "A runner script of this VM in the store that has a way for secrets, with no referrer that leads to a generation or to the runner in force. Upstream cannot have built it from a discarded option: another evaluation did.",
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
  optional: ["generations", "history"],
  *check({ store, runners, secrets, state, generations, history }) {
    const inForce = runners.current;
    if (inForce === undefined || waysForSecrets(inForce, secrets).length > 0) return;
    const installed = new Set((generations?.list ?? []).flatMap(({ runner }) => runner ?? []));
    const linked = new Set(Object.values(state.links).flatMap((link) => link.store ?? []));
    const discarded = store.runners.filter(
      ({ path, runner, object, valid }) =>
        !installed.has(path) &&
        !linked.has(path) &&
        path !== inForce.scriptStore &&
        (valid === false || (object !== undefined && object.referrers.length === 0)) &&
        waysForSecrets(runner, secrets).length > 0,
    );
    const [first] = discarded;
    if (first === undefined) return;
    const phase = history?.phases.at(-1)?.index;
    const all = discarded.flatMap(({ runner }) => waysForSecrets(runner, secrets));
    const ways = all.filter(
      ({ title }, index) => all.findIndex((way) => way.title === title) === index,
    );
    yield {
      title: "A runner with a way for secrets was built, and nothing uses it",
      explanation:
        `${listed(discarded.map(({ path }) => path))} ${discarded.length === 1 ? "lies" : "lie"} in the store and would carry secrets (${ways
          .map(({ title }) => title)
          .slice(0, 3)
          .join("; ")}). ` +
        `The runner in force does not reference ${discarded.length === 1 ? "it" : "them"}, and neither does any generation of this host. ` +
        `The host does take what the guest's configuration declares, except for reserved names: microvm.nix puts its own microvm-run over one in microvm.binScripts, silently, and mkForce does not change that. ` +
        `So a discarded option is never built; that this script exists shows that another evaluation made it (a changed copy of microvm.nix, another generation, a build by hand).`,
      certainty: store.databaseProblem === undefined ? "proven" : "strong",
      subject: { built: first.path, runner: inForce.directory ?? inForce.script },
      evidence: nonEmpty<EvidenceRef>(
        first.ref,
        ...discarded.slice(1).map(({ ref }) => ref),
        ...ways.slice(0, 2).map(({ ref }) => ref),
        inForce.ref,
        ...store.queries.slice(1, 2),
      ),
      scope: { inForce: true, ...(phase === undefined ? {} : { phase }) },
      misleading: [
        {
          title: "microvm.binScripts.microvm-run, with or without mkForce",
          why: "microvm-run is a reserved name: microvm.nix puts its own script over it, after all priorities are settled, and says nothing.",
        },
        {
          title: "Making the VM imperative, or a machine of its own",
          why: "The runner is built by the same function there, and discards the same name. A secret of the guest's own configuration is not on the host either, where the runner would have to read it.",
        },
      ],
    };
  },
});
