import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

/** What `nix-instantiate --parse` says against the first of these snippets that it cannot read; nothing where it reads all. */
export const nixSyntaxErrors = async (snippets: readonly string[]): Promise<string> => {
  if (snippets.length === 0) return "";
  const dir = await mkdtemp(join(tmpdir(), "mvdoctor-snippets-"));
  try {
    const files = snippets.map((_, index) => join(dir, `${index}.nix`));
    await Promise.all(files.map((file, index) => writeFile(file, snippets[index] ?? "")));
    const { exitCode, stderr } = await execa("nix-instantiate", ["--parse", ...files], {
      reject: false,
    });
    return exitCode === 0 ? "" : stderr;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};
