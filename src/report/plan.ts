import { jsonText } from "./printable.ts";
import { page, type PageOptions } from "./page.ts";
import { shellWords } from "./shell-words.ts";
import { plain } from "./words.ts";

/** What would be asked of a host: commands with their arguments, and paths with what is done to them. */
export interface PlanToShow {
  readonly plan: {
    readonly commands: readonly { readonly program: string; readonly args: readonly string[] }[];
    readonly looked: readonly string[];
    readonly listed: readonly string[];
    readonly read: readonly string[];
  };
  /** The commands that lead to other hosts, on which the others are run. */
  readonly connections: readonly (readonly string[])[];
  /** What is asked beyond, by kind: it depends on the answers. */
  readonly followUps: readonly string[];
}

/** The plan for people: a line for each command, in the form that a shell takes, and for each path. */
export const renderPlan = (
  { plan, connections, followUps }: PlanToShow,
  options: PageOptions,
): string => {
  const out = page(options);
  out.paragraph("Nothing was run and nothing was read. This is what collect would ask first:");
  if (connections.length > 0) out.heading("Connections, one for each host");
  for (const words of connections) out.line(`  ${plain(shellWords(words))}`);
  out.heading("Commands");
  // Not wrapped: a command is there to be copied.
  for (const { program, args } of plan.commands)
    out.line(`  ${plain(shellWords([program, ...args]))}`);
  for (const [title, paths] of [
    ["Directories whose names are read", plan.listed],
    ["Files whose text is read", plan.read],
    ["Paths that are looked at and not opened (lstat)", plan.looked],
  ] as const) {
    out.heading(title);
    for (const path of paths) out.line(`  ${plain(path)}`);
  }
  out.heading("What the answers lead to");
  for (const one of followUps) out.paragraph(one, "  - ", "    ");
  return out.text();
};

/** The plan for programs. */
export const renderPlanJson = ({ plan, connections, followUps }: PlanToShow): string =>
  jsonText({
    schemaVersion: 1,
    connections,
    commands: plan.commands.map(({ program, args }) => [program, ...args]),
    list: plan.listed,
    read: plan.read,
    lstat: plan.looked,
    followUps,
  });
