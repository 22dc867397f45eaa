import { globSync } from "node:fs";
import { basename } from "node:path";
import { defineConfig, type InputOptions, type OutputOptions } from "rolldown";
import { thirdPartyLicenses } from "./src/dev/third-party-licenses.ts";

/** Bundles an oclif program, with all that it needs, into `dir`. */
export const bundleOptions = (
  input: Readonly<Record<string, string>>,
  dir: string,
): InputOptions & { readonly output: OutputOptions } => ({
  input,
  platform: "node",
  // The oldest that package.json allows: it has no `await using`.
  transform: { target: "node22.12" },
  // oclif asks for it where it transpiles commands itself, which src/command-line/run-oclif.ts forbids.
  external: ["typescript"],
  plugins: [thirdPartyLicenses()],
  output: {
    dir,
    cleanDir: true,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
    // One file instead of one for each set of modules that the entries happen to share.
    codeSplitting: { groups: [{ name: "oclif", test: /\/node_modules\/@oclif\/core\// }] },
    // Stack traces are part of a bug report.
    minify: false,
  },
});

const commands = globSync("commands/*.ts")
  .toSorted()
  .map((file) => [`commands/${basename(file, ".ts")}`, file]);

export default defineConfig(
  bundleOptions({ bin: "src/bin.ts", ...Object.fromEntries(commands) }, "dist"),
);
