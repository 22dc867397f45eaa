import type { EvidenceRef } from "../../evidence/reference.ts";
import { passedValues } from "../../facts/passed-values.ts";
import { listed } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "exposure/store",
  severity: "error",
  part: "risk",
  docs: {
    what: "A secret value, or what stands for one, lies in the world-readable Nix store.",
    why: "Everybody on the host may read the store, and so may every guest that has it as a share. A path literal (./secret.txt) is copied there when it becomes a string; an option with a value is written into the runner.",
    proof:
      "A file below /nix/store that is handed over as a credential, or a literal value in the runner's or unit's text, of which only name and length are shown.",
    ruledOut: "The path lies outside of the store, and the value is put in at the start.",
    confusedWith: [
      {
        id: "exposure/command-line",
        tell: "There the value is seen in the list of processes while the VM runs.",
      },
      {
        id: "hypervisor/not-expanded",
        tell: "There an expression, not a value, was written at build time.",
      },
    ],
    repair: "Use a string path below /run, and change the secret: it has been readable.",
    sources: [
      "Nix manual, path literals in strings",
      "microvm.nix options.nix:777-792 and 1070-1081 at 71beea0",
    ],
  },
  requires: ["secrets"],
  optional: ["runners", "unit"],
  *check({ runners, unit }) {
    const runner = runners?.current;
    const files = (runner?.channels ?? []).flatMap((channel) =>
      channel.kind === "fw-cfg-file" && channel.path.startsWith("/nix/store/")
        ? [{ name: channel.name, ref: channel.ref, path: String(channel.path) }]
        : [],
    );
    const loaded = (unit?.credentials ?? []).flatMap(({ id, source, encrypted, ref }) =>
      source?.startsWith("/nix/store/") === true && !encrypted
        ? [{ name: id, ref, path: String(source) }]
        : [],
    );
    const [first] = [...files, ...loaded];
    if (first !== undefined) {
      const all = [...files, ...loaded];
      yield {
        title: `${listed(all.map(({ name }) => name))} ${all.length === 1 ? "lies" : "lie"} in the Nix store`,
        explanation: `${first.path} is handed over as a secret, and everybody on the host may read the store. Whoever wrote a path literal had it copied there.`,
        certainty: "proven",
        subject: { path: first.path },
        evidence: nonEmpty<EvidenceRef>(first.ref, ...all.slice(1).map(({ ref }) => ref)),
        scope: { secrets: all.map(({ name }) => name), inForce: true },
      };
    }
    const literal = (runner === undefined ? [] : passedValues(runner)).filter(
      ({ value }) =>
        value.form === "literal" && (value.bytes ?? 0) > 0 && !value.name.startsWith("vmm."),
    );
    const set = (unit?.setIds ?? []).filter(({ ref }) =>
      /<masked, [1-9]\d* bytes>/u.test(ref.text ?? ""),
    );
    const [value] = literal;
    const [own] = set;
    const ref = value?.ref ?? own?.ref;
    if (ref === undefined) return;
    const names = [
      ...new Set([...literal.map((one) => one.value.name), ...set.map((one) => one.value)]),
    ];
    yield {
      title: `The value of ${listed(names)} was written into the store at build time`,
      explanation: `${ref.path} holds the value itself${value?.value.bytes === undefined ? "" : `, ${value.value.bytes} bytes`}. It is part of a file that everybody may read.`,
      certainty: "proven",
      subject: { path: ref.path, names: names.join(" ") },
      evidence: nonEmpty<EvidenceRef>(ref),
      scope: { secrets: names, inForce: true },
    };
  },
});
