#!/usr/bin/env node
// Nothing is imported before the check: what follows may use what an older Node cannot even parse.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(
    `mvdoctor: needs Node.js 22.12 or newer, this is ${process.versions.node}\n`,
  );
  process.exitCode = 2;
} else {
  const { main } = await import("./command-line/main.ts");
  await main(process.argv.slice(2), import.meta.dirname);
}
