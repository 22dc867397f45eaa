const BOOT_SPEC = /^(?:[-+]?\d+|[0-9a-f]{32})$/u;

/**
 * Gives a bare `-b` or `--boot` the value 0 (the current or last boot), as in journalctl: oclif knows no flag with an
 * optional value. What follows is the value only where it looks like a boot; otherwise it is the name of a VM.
 */
export const withBootArgument = (argv: readonly string[]): string[] => {
  const end = argv.indexOf("--");
  const flags = end === -1 ? argv : argv.slice(0, end);
  const rewritten: string[] = [];
  for (let index = 0; index < flags.length; index += 1) {
    const argument = flags[index] ?? "";
    if (argument !== "-b" && argument !== "--boot") {
      rewritten.push(argument);
      continue;
    }
    const next = flags[index + 1];
    const isSpec = next !== undefined && BOOT_SPEC.test(next);
    rewritten.push(`--boot=${isSpec ? next : "0"}`);
    if (isSpec) index += 1;
  }
  return [...rewritten, ...argv.slice(flags.length)];
};
