import { createHash } from "node:crypto";
import { collected, unavailable, type Collected } from "../evidence/evidence.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { ScriptMerge, SourceCopies, SourceCopy } from "../evidence/store-history.ts";
import type { Host } from "../host/host.ts";
import { hostPath, storePathOf, type StorePath } from "../vocabulary.ts";
import { absentRef, fileRef } from "./path-walk.ts";
import { storeName } from "./store-path.ts";

const STORE = hostPath("/nix/store");
const MOST_SOURCES = 2000;

/** The copies of microvm.nix in the store: directories named as flakes and fetchers name sources, with a lib/runner.nix. */
export const collectSourceCopies = async (host: Host): Promise<Collected<SourceCopies>> => {
  const listed = await host.list(STORE);
  if (listed.status !== "present") {
    return unavailable(
      listed.status === "denied" ? "permission-denied" : "not-found",
      `${STORE} could not be listed: ${listed.status}`,
      absentRef(STORE),
    );
  }
  const sources = listed.value
    .flatMap((entry) => storePathOf(`${STORE}/${entry}`) ?? [])
    .filter((path) =>
      /^(?:source|.*-source|microvm(?:\.nix)?(?:-[0-9a-f]+)?)$/u.test(storeName(path)),
    )
    .slice(0, MOST_SOURCES);
  const copies = await Promise.all(sources.map((path) => readCopy(host, path)));
  return collected({ copies: copies.flatMap((copy) => copy ?? []), looked: sources.length });
};

const readCopy = async (host: Host, path: StorePath): Promise<SourceCopy | undefined> => {
  const file = hostPath(`${path}/lib/runner.nix`);
  const stat = await host.lstat(file);
  if (stat.status !== "present") return undefined;
  const text = await host.readText(file);
  if (text.status !== "present" || !isRunnerOfMicrovm(text.value)) return undefined;
  const { merge, line } = mergeIn(text.value);
  const at: FileRef | undefined =
    line === undefined
      ? undefined
      : { kind: "file", path: file, line: line.number, text: line.text };
  return {
    path,
    ref: fileRef(file, stat.value),
    digest: createHash("sha256").update(text.value).digest("hex"),
    merge,
    ...(at === undefined ? {} : { mergedAt: at }),
  };
};

const isRunnerOfMicrovm = (text: string): boolean =>
  text.includes("microvm-run") && text.includes("microvmConfig");

interface Merge {
  readonly merge: ScriptMerge;
  readonly line?: { readonly number: number; readonly text: string };
}

const OWN_WINS = /\bbinScripts\s*\/\/\s*\{\s*microvm-run\s*=/u;
/** `{ microvm-run = ...; } // microvmConfig.binScripts`, or `microvmConfig.binScripts.microvm-run or ...`. */
const DECLARED_WINS =
  /\/\/\s*(?:\(\s*)?microvmConfig\.binScripts\b|\bbinScripts\.(?:"microvm-run"|microvm-run)\s+or\b/u;

/** lib/runner.nix of microvm.nix (3d3429b to 71beea0), whichever way it is formatted, and the turned-round forms. */
const mergeIn = (text: string): Merge => {
  const code = text.replaceAll(/(?:^|(?<=\s))#[^\n]*/gu, (comment) => " ".repeat(comment.length));
  const declared = DECLARED_WINS.exec(code);
  const own = OWN_WINS.exec(code);
  // A file with both forms says neither.
  if ((declared === null) === (own === null)) return { merge: "unknown" };
  const number = code.slice(0, (declared ?? own)?.index).split("\n").length;
  return {
    merge: declared === null ? "own-wins" : "declared-wins",
    line: { number, text: (text.split("\n")[number - 1] ?? "").trim() },
  };
};
