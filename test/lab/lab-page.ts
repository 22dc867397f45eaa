import { FAILURES } from "./failure-list.ts";
import { GUEST_CASES, type GuestCase } from "./guest/cases.ts";
import type { Failure } from "./failures/failure.ts";

const BEGIN = "<!-- begin: written by `npm run lab-page` -->";
const END = "<!-- end -->";

/** The page of the lab with its tables as the failures have them now. */
export const withTables = (page: string): string => {
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`docs/lab.md lacks ${BEGIN} or ${END}`);
  return `${page.slice(0, before)}${BEGIN}\n\n${tables()}\n${page.slice(after)}`;
};

const tables = (): string =>
  Object.entries(FAILURES)
    .map(
      ([part, failures]) =>
        `### ${part}\n\n| Failure | What is brought about | \`check\` foretells | Root causes, and what else has to be found |\n| --- | --- | --- | --- |\n${failures.map(row).join("\n")}\n`,
    )
    .join("\n") +
  `\n### guest\n\n| Case | What is brought about | \`check\` foretells | Arrives, by the guest's own word | Root causes, and what else has to be found |\n| --- | --- | --- | --- | --- |\n${GUEST_CASES.map(guestRow).join("\n")}\n` +
  `\n### What systemd says\n\n${words()}`;

const row = ({ name, what, foretold, rootCauses, finds = [] }: Failure): string => {
  const ahead = "cannot" in foretold ? `cannot: ${foretold.cannot}` : ids(foretold);
  return `| ${name} | ${what} | ${ahead} | ${ids(rootCauses)}${finds.length === 0 ? "" : `; ${ids(finds)}`} |`;
};

const guestRow = ({ name, what, expected }: GuestCase): string => {
  const { foretold, everWorked, rootCauses, finds = [] } = expected;
  const ahead = foretold.prediction === "unknown" ? "unknown" : ids(foretold.rootCauses);
  return `| ${name} | ${what} | ${ahead} | ${everWorked} | ${ids([...rootCauses, ...finds])} |`;
};

const ids = (list: readonly string[]): string =>
  list.length === 0 ? "nothing" : list.map((id) => `\`${id}\``).join(", ");

const words = (): string => {
  const all: readonly Failure[] = Object.values(FAILURES).flat();
  const rows = all.flatMap(({ name, words: said }) => {
    if (said === undefined) return [];
    const [before, from] =
      typeof said === "string" ? [said, "the same"] : [said.before259, said.from259];
    return [`| ${name} | ${before} | ${from} |`];
  });
  return `| Failure | 252 and 257 | 262 |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
};
