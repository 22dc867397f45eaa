import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "rolldown";

interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly directory: string;
}

/** Writes THIRD-PARTY-LICENSES into the bundle: the licences ask to travel with the code. */
export const thirdPartyLicenses = (): Plugin => ({
  name: "third-party-licenses",
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap((file) =>
      file.type === "chunk" ? file.moduleIds : [],
    );
    this.emitFile({ type: "asset", fileName: "THIRD-PARTY-LICENSES", source: licensesOf(modules) });
  },
});

const licensesOf = (modules: readonly string[]): string => {
  const directories = new Set(modules.flatMap(packageDirectory));
  const packages = [...directories]
    .map(readPackage)
    .toSorted((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
  return packages.map(section).join(`\n${"-".repeat(80)}\n\n`);
};

/** The outermost directory of the package that a module belongs to; none for our own modules. */
const packageDirectory = (moduleId: string): string[] => {
  const match = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/u.exec(moduleId);
  return match === null ? [] : [match[0]];
};

const readPackage = (directory: string): BundledPackage => {
  const { name, version, license }: Record<string, unknown> = JSON.parse(
    readFileSync(join(directory, "package.json"), "utf8"),
  );
  if (typeof name !== "string" || typeof version !== "string" || typeof license !== "string") {
    throw new TypeError(`${directory}/package.json lacks a name, a version or a licence`);
  }
  return { name, version, license, directory };
};

const section = ({ name, version, license, directory }: BundledPackage): string => {
  const files = readdirSync(directory).filter((file) =>
    /^(?:licen[cs]e|notice|copying)/iu.test(file),
  );
  const texts = files.toSorted().map((file) => readFileSync(join(directory, file), "utf8").trim());
  return `${name} ${version} (${license})\n\n${texts.length === 0 ? "No licence text in the package." : texts.join("\n\n")}\n`;
};
