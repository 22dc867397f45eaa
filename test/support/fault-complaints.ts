import { statusOfFindings } from "../../src/command-line/exit-status.ts";
import type { Diagnosis } from "../../src/diagnosis/diagnose.ts";
import type { VmDiagnosis } from "../../src/diagnosis/finding.ts";
import type { Host } from "../../src/host/host.ts";
import { render } from "../../src/report/render.ts";
import { diagnoseHost } from "../../src/requests/diagnose-hosts.ts";
import { OPTIONAL, QUESTION_KINDS, type QuestionKind } from "./fault-sources.ts";
import type { Fault } from "./faulty-host.ts";

/** What one look at a VM came to. */
export interface Look {
  readonly diagnosis: Diagnosis;
  readonly vm: VmDiagnosis;
  readonly exit: number;
  /** All that the report says of the VM. */
  readonly said: string;
}

export const lookAt = async (host: Host, vm: string, now: string): Promise<Look> => {
  const answer = await diagnoseHost(host, { source: {}, times: { now }, vms: [vm] });
  if (answer.status !== "diagnosed") throw new Error(JSON.stringify(answer));
  const [{ diagnosis }] = answer.reports;
  const [found] = diagnosis.vms;
  if (found === undefined) throw new Error(`nothing is told of ${vm}`);
  const { outcomes: _outcomes, ...told } = found;
  render(answer.reports, "diagnosis", "text", { width: 80, colour: false });
  return {
    diagnosis,
    vm: found,
    exit: statusOfFindings(answer.severities, { failOn: "error", complete: answer.complete }),
    said: JSON.stringify(told),
  };
};

export const questionOf = (fault: Fault): string =>
  fault.kind === "program" ? fault.command : fault.path;

export const kindOf = (fault: Fault): QuestionKind => {
  const question = questionOf(fault);
  const kind = QUESTION_KINDS.find(({ asks }) => asks.test(question));
  if (kind === undefined) throw new Error(`no kind of question is ${question}`);
  return kind;
};

/** What of the promises a report breaks that was made in spite of a fault, in sentences; `whole` is the report without it. */
export const complaintsAbout = (fault: Fault, whole: Look, got: Look): readonly string[] => {
  const before = new Set(whole.diagnosis.gaps.map(textOfGap));
  const gaps = got.diagnosis.gaps.filter((gap) => !before.has(textOfGap(gap)));
  const complaints: string[] = [];
  for (const outcome of got.vm.outcomes)
    if (outcome.status === "error") complaints.push(`${outcome.id} broke: ${outcome.message}`);

  const { name, sources } = kindOf(fault);
  const isNamed = gaps.some(({ source }) => sources.includes(source));
  if (!isNamed && !cannotBeTold(fault, got.said === whole.said))
    complaints.push(`no gap of ${sources.join(" or ")} tells that ${name} were lost`);

  const needed = gaps.filter(({ required }) => required);
  if (needed.length > 0 && got.diagnosis.complete) complaints.push("it is complete in spite of it");
  if (needed.length > 0 && got.exit === 0) complaints.push("it ends with 0 in spite of it");
  if (got.exit === 3 && got.diagnosis.complete) complaints.push("it ends with 3 and is complete");
  if (got.vm.status === "healthy") {
    if (whole.vm.status !== "healthy") complaints.push("the VM is healthy all at once");
    const lost = gaps.find(({ source, required }) => required || !OPTIONAL.has(source));
    if (lost !== undefined && !isAside(fault))
      complaints.push(`the VM is healthy without ${textOfGap(lost)}`);
  }

  // A loop is no answer that was lost: it is what the host has, and can be the fault.
  if (fault.fault !== "loop") {
    const known = new Set(whole.vm.findings.map(({ id }) => id));
    for (const { id, severity } of got.vm.findings)
      if (!known.has(id) && severity !== "info") complaints.push(`it accuses ${id}`);
    for (const id of [...got.vm.rootCauses, ...got.vm.nextStart.rootCauses])
      if (!whole.vm.rootCauses.includes(id) && !whole.vm.nextStart.rootCauses.includes(id))
        complaints.push(`it has the root cause ${id}`);
    if (
      whole.vm.everWorked.answer !== got.vm.everWorked.answer &&
      got.vm.everWorked.answer !== "unknown"
    )
      complaints.push(`whether it ever worked turns to ${got.vm.everWorked.answer}`);
    complaints.push(...stagesThatTurn(whole, got));
  }
  for (const id of whole.vm.rootCauses)
    if (!got.vm.rootCauses.includes(id) && !mayLose(id, fault)) complaints.push(`it loses ${id}`);
  return complaints;
};

const textOfGap = ({ source, reason }: Diagnosis["gaps"][number]): string => `${source}: ${reason}`;

/**
 * A stage that is not known any more is `unknown`. Where an earlier one is not known to be broken any more, what the guest said counts
 * again; where the runner is lost, a secret goes by the guest's name for it.
 */
const stagesThatTurn = (whole: Look, got: Look): readonly string[] =>
  got.vm.stages.flatMap(({ secret, stages }) => {
    const was: Readonly<Record<string, string>> | undefined = whole.vm.stages.find(
      (one) => one.secret === secret,
    )?.stages;
    return Object.entries(stages).flatMap(([stage, state]) =>
      was !== undefined &&
      was[stage] !== state &&
      (state === "ok" ||
        state === "not-configured" ||
        (state === "broken" && was[stage] !== "not-reached"))
        ? [`stage ${stage} of ${secret} turns from ${was[stage]} to ${state}`]
        : [],
    );
  });

/** Whose answer each root cause of the failing host rests on. */
const RESTS_ON: Readonly<Record<string, RegExp>> = {
  "runner/no-secret-path":
    /^\/$|^\/(?:nix|var|etc)(?:\/|$)|^journalctl .*UNIT=microvm@|^\/run(?:\/|$)/u,
  "access/file-mode": /^\/$|^\/run(?:\/|$)|^\/etc\/(?:passwd|group)$|^journalctl .*UNIT=microvm@/u,
};

const mayLose = (id: string, fault: Fault): boolean =>
  RESTS_ON[id]?.test(questionOf(fault)) === true;

/** Copies that systemd made, settings of the kernel, and lists that only let somebody in. */
const isAside = (fault: Fault): boolean =>
  /^\/(?:proc|run\/credentials)(?:\/|$)|^getfacl|^systemctl/u.test(questionOf(fault));

/**
 * What no one can tell: a program that ends well and prints less, where less is an answer as well; what is printed where only the end
 * or the words on stderr are heard; what comes behind the one line that was asked for.
 */
const cannotBeTold = (fault: Fault, isSame: boolean): boolean => {
  if (fault.kind !== "program") return isSame && IN_VAIN.test(fault.path);
  const { command, fault: name } = fault;
  if (name === "prints nothing") return LESS_IS_AN_ANSWER.test(command);
  if (!isSame) return false;
  if (name === "is cut in a line") return true;
  if (ENDS_WELL.test(name)) return /--verify/u.test(command);
  return ONE_LINE.test(command) && /on its way|too much/u.test(name);
};

const ENDS_WELL = /^prints /u;
const LESS_IS_AN_ANSWER =
  /^journalctl .*(?:UNIT=|_TRANSPORT=|--grep=|--(?:since|until)=@|--verify|INVOCATION)|--check-validity|--field=/u;
const ONE_LINE = /^journalctl --output=json (?:--reverse )?(?:--(?:since|until|boot)=\S+ ?)+$/u;
/** Asked for the list of VMs alone, of which one was named. */
const IN_VAIN = /^\/var\/lib\/microvms\/[^/]+$/u;
