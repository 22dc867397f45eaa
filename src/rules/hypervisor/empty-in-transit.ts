import type { EvidenceRef } from "../../evidence/reference.ts";
import { passedValues } from "../../facts/passed-values.ts";
import { namesOfGuest } from "../../facts/secrets.ts";
import { meaningsIn } from "../../facts/starts.ts";
import { listed } from "../../facts/wording.ts";
import { LOST_ON_THE_WAY } from "../hypervisor-effects.ts";
import { defineRule, type Observation } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "hypervisor/empty-in-transit",
  severity: "error",
  part: "cause",
  docs: {
    what: "The source has bytes, and the VMM was given none.",
    why: "Two credentials in one -fw_cfg argument, a variable that nothing sets, or a place without a value: the VMM takes it without a message, and the unit is up.",
    proof:
      "The runner's text: a name= that another one overrides, a value that is empty or comes from nowhere; or an empty place in a logged command line.",
    ruledOut: "The guest reports content for that name.",
    confusedWith: [
      { id: "source/empty", tell: "There the file on the host has 0 bytes." },
      { id: "runner/swallowed-read-error", tell: "There the read failed, and the script went on." },
    ],
    repair:
      "Update microvm.nix (one -fw_cfg for each credential), or set the variable before it is used and end the script where it is empty.",
    upstream: [
      {
        project: "microvm.nix",
        from: "2025-02",
        until: "2025-08 (#394)",
        note: "Several credentialFiles were joined into one -fw_cfg argument, of which QEMU takes the last name.",
      },
    ],
    sources: ["microvm.nix#394", "measured on QEMU 7.2"],
  },
  requires: ["runners", "secrets"],
  optional: ["history"],
  causes: LOST_ON_THE_WAY,
  *check({ runners, secrets, history }) {
    const runner = runners.current;
    if (runner === undefined) return;
    const phase = history?.phases.findLast(({ starts }) => starts.length > 0);
    const place = {
      inForce: true,
      starts: phase?.starts.map(({ id }) => id) ?? [],
      ...(phase === undefined ? {} : { phase: phase.index }),
    };
    const told = (
      names: readonly string[],
      words: Pick<Observation, "title" | "explanation" | "evidence">,
    ): Observation => {
      const known = namesOfGuest(secrets, names);
      return {
        ...words,
        certainty: "proven",
        subject: { credentials: names.join(" ") },
        scope: { ...place, secrets: known.length > 0 ? known : names },
      };
    };
    const overridden = runner.channels.flatMap((channel) =>
      "overridden" in channel && channel.overridden ? [channel] : [],
    );
    const [first] = overridden;
    if (first !== undefined) {
      const names = overridden.map(({ name }) => name);
      yield told(names, {
        title: `${listed(names)} ${names.length === 1 ? "stands" : "stand"} in one -fw_cfg argument with another credential`,
        explanation: `QEMU takes the last name= of an argument and drops the others without a word, so ${listed(names)} never ${names.length === 1 ? "reaches" : "reach"} the guest.`,
        evidence: nonEmpty<EvidenceRef>(first.ref, runner.ref),
      });
    }
    const empty = passedValues(runner).filter(
      ({ value }) =>
        value.form === "empty" || (value.unset.length > 0 && runner.stopsAtUnset !== true),
    );
    const [blank] = empty;
    if (blank !== undefined) {
      const names = [...new Set(empty.map(({ value }) => value.name))];
      const unset = [...new Set(empty.flatMap(({ value }) => value.unset))];
      yield told(names, {
        title: `The runner passes ${listed(names)} without a value`,
        explanation:
          unset.length > 0
            ? `The value comes from ${listed(unset)}, which nothing in the script sets: the shell puts nothing in.`
            : "Nothing stands where the value should be.",
        evidence: nonEmpty<EvidenceRef>(blank.ref, runner.ref),
      });
      return;
    }
    const logged = (phase?.starts ?? []).flatMap((start) =>
      meaningsIn(start, "value-logged").filter(
        ({ meaning }) => meaning.form === "oem-string" && meaning.bytes === 0,
      ),
    );
    const [line] = logged;
    if (line === undefined) return;
    const names = [...new Set(logged.map(({ meaning }) => meaning.name))];
    yield told(names, {
      title: `The VMM was given no value for ${listed(names)}`,
      explanation:
        "A line of the start shows the VMM's arguments, and the place of the value is empty there.",
      evidence: nonEmpty<EvidenceRef>(line.ref, runner.ref),
    });
  },
});
