/**
 * Second half of the build: makes dist/ a package of its own, which runs wherever it is copied to. Its package.json
 * makes the files ES modules and tells oclif where the commands are; its manifest saves oclif from importing them all.
 */
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Plugin } from "@oclif/core/config";
import packageJson from "../../package.json" with { type: "json" };

const dist = join(import.meta.dirname, "../../dist");

const writeJson = (name: string, content: unknown): Promise<void> =>
  writeFile(join(dist, name), `${JSON.stringify(content, undefined, 2)}\n`);

const { name, version, description, license, type, engines, oclif } = packageJson;
await writeJson("package.json", {
  name,
  version,
  description,
  license,
  type,
  bin: { mvdoctor: "bin.js" },
  engines,
  oclif,
});

const plugin = new Plugin({
  root: dist,
  type: "core",
  ignoreManifest: true,
  errorOnManifestCreate: true,
  respectNoCacheDefault: true,
});
await plugin.load();
await writeJson("oclif.manifest.json", plugin.manifest);

await chmod(join(dist, "bin.js"), 0o755);
