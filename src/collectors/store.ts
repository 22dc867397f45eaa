import { collected, unavailable, type Collected } from "../evidence/evidence.ts";
import type { CommandRef, FileRef } from "../evidence/reference.ts";
import type { Runner } from "../evidence/runner.ts";
import type { Store, StoredRunner, StoreObject } from "../evidence/store.ts";
import type { CommandEnd, Host } from "../host/host.ts";
import { hostPath, type StorePath, storePathOf } from "../vocabulary.ts";
import { whyNoAnswer } from "./losses.ts";
import { absentRef, fileRef, walkPath } from "./path-walk.ts";
import { readRunner, readScript } from "./runners.ts";
import { runnerDirectoryName, runnerScriptGuest, storeName } from "./store-path.ts";

const STORE = hostPath("/nix/store");
const ROOT_DIRECTORIES = ["/nix/var/nix/gcroots", "/nix/var/nix/profiles"].map(hostPath);
const SYSTEM_LINKS = ["/run/current-system", "/run/booted-system"].map(hostPath);
const DEEPEST_ROOT = 4;
const MOST_ROOTS = 5000;

/** What the store is asked for: the guest's names that a runner's store name can carry, and runners that links or generations name. */
export interface StoreQuestion {
  readonly guestNames: readonly string[];
  readonly linked: readonly StorePath[];
}

/** The runners of one VM in the store, what references them, and what keeps them alive. */
export const collectStore = async (
  host: Host,
  { guestNames, linked }: StoreQuestion,
): Promise<Collected<Store>> => {
  const listed = await host.list(STORE);
  if (listed.status !== "present") {
    return unavailable(
      listed.status === "denied" ? "permission-denied" : "not-found",
      `${STORE} could not be listed: ${listed.status}`,
      absentRef(STORE),
    );
  }
  const named = listed.value.flatMap((entry) => {
    const path = storePathOf(`${STORE}/${entry}`);
    return path !== undefined && isRunnerOf(storeName(path), guestNames) ? [path] : [];
  });
  const paths = [...new Set([...named, ...linked])].toSorted();
  const [found, roots, database] = await Promise.all([
    Promise.all(paths.map(async (path) => [path, await readStored(host, path)] as const)),
    readRoots(host),
    askDatabase(host, paths),
  ]);
  const inDirectories = new Set(
    found.flatMap(([, runner]) => (runner?.directory === undefined ? [] : [runner.scriptStore])),
  );
  const runners = await Promise.all(
    found.map(async ([path, runner]): Promise<readonly StoredRunner[]> => {
      if (runner === undefined || (runner.directory === undefined && inDirectories.has(path)))
        return [];
      const object = database.objects.get(path);
      const stat = await host.lstat(hostPath(path));
      const valid = database.valid?.has(path);
      return [
        {
          path,
          runner,
          ref:
            stat.status === "present"
              ? fileRef(hostPath(path), stat.value)
              : absentRef(hostPath(path)),
          ...(object === undefined ? {} : { object }),
          ...(valid === undefined ? {} : { valid }),
          roots: [path, ...(object?.referrers ?? [])].flatMap((one) => roots.get(one) ?? []),
        },
      ];
    }),
  );
  return collected({
    runners: runners.flat(),
    rootsSeen: [...roots.values()].flat().length,
    queries: database.queries,
    ...(database.problem === undefined ? {} : { databaseProblem: database.problem }),
  });
};

const isRunnerOf = (name: string, guestNames: readonly string[]): boolean => {
  const guest = runnerDirectoryName(name)?.guestName ?? runnerScriptGuest(name);
  return guest !== undefined && guestNames.includes(guest);
};

const readStored = async (host: Host, path: StorePath): Promise<Runner | undefined> => {
  const stat = await host.lstat(hostPath(path));
  if (stat.status !== "present") return undefined;
  const found =
    stat.value.type === "directory"
      ? await readRunner(host, hostPath(path), path)
      : await readScript(host, hostPath(path));
  return found?.status === "collected" ? found.value : undefined;
};

/** Symlinks below the GC roots and profiles, and the system's own, by the store path that each leads to. */
const readRoots = async (host: Host): Promise<ReadonlyMap<StorePath, readonly FileRef[]>> => {
  const roots = new Map<StorePath, FileRef[]>();
  let seen = 0;
  const add = async (path: ReturnType<typeof hostPath>, depth: number): Promise<void> => {
    if (seen >= MOST_ROOTS) return;
    const stat = await host.lstat(path);
    if (stat.status !== "present") return;
    if (stat.value.target !== undefined) {
      seen += 1;
      const store =
        storePathOf(stat.value.target) ??
        storePathOf((await walkPath(host, path)).file?.path ?? "");
      if (store !== undefined)
        roots.set(store, [...(roots.get(store) ?? []), fileRef(path, stat.value)]);
      return;
    }
    if (stat.value.type !== "directory" || depth >= DEEPEST_ROOT) return;
    const names = await host.list(path);
    if (names.status !== "present") return;
    for (const name of names.value) await add(hostPath(`${path}/${name}`), depth + 1);
  };
  for (const path of [...ROOT_DIRECTORIES, ...SYSTEM_LINKS]) await add(path, 0);
  return roots;
};

interface DatabaseAnswer {
  readonly objects: ReadonlyMap<StorePath, StoreObject>;
  readonly valid?: ReadonlySet<StorePath>;
  readonly queries: readonly CommandRef[];
  readonly problem?: string;
}

/** Three questions for all paths together: which are valid, what needs them, and the registration of all of these. */
const askDatabase = async (host: Host, paths: readonly StorePath[]): Promise<DatabaseAnswer> => {
  const queries: CommandRef[] = [];
  const ask = async (
    args: readonly string[],
  ): Promise<{ readonly lines: readonly string[]; readonly problem?: string }> => {
    const result = await host.run({ program: "nix-store", args });
    const problem = problemOf(result);
    queries.push({ kind: "command", argv: ["nix-store", ...args], exitCode: result.exitCode });
    return { lines: result.stdout.split("\n"), ...(problem === undefined ? {} : { problem }) };
  };
  const empty = { objects: new Map<StorePath, StoreObject>(), queries };
  if (paths.length === 0) return { ...empty, valid: new Set() };

  const invalid = await ask(["--check-validity", "--print-invalid", ...paths]);
  if (invalid.problem !== undefined) return { ...empty, problem: invalid.problem };
  const unknown = new Set(invalid.lines.filter((line) => line !== ""));
  const valid = paths.filter((path) => !unknown.has(path));
  if (unknown.size !== paths.length - valid.length)
    return { ...empty, problem: oddAnswer("--check-validity") };
  if (valid.length === 0) return { ...empty, valid: new Set() };

  const closure = await ask(["--query", "--referrers-closure", ...valid]);
  if (closure.problem !== undefined) return { ...empty, problem: closure.problem };
  const referring = new Set(closure.lines.filter((line) => line !== ""));
  // A path belongs to its own closure.
  if (
    valid.some((path) => !referring.has(path)) ||
    [...referring].some((line) => storePathOf(line) !== line)
  )
    return { ...empty, problem: oddAnswer("--query --referrers-closure") };
  const related = [
    ...new Set([...closure.lines.flatMap((line) => storePathOf(line) ?? []), ...valid]),
  ].toSorted();

  const registrations = await ask(["--dump-db", ...related]);
  if (registrations.problem !== undefined) return { ...empty, problem: registrations.problem };
  const parsed = parseRegistrations(registrations.lines);
  const registered = new Set(parsed.map(({ path }) => path));
  if (related.some((path) => !registered.has(path)))
    return { ...empty, problem: oddAnswer("--dump-db") };
  return {
    objects: withReferrers(parsed),
    valid: new Set(valid),
    queries,
  };
};

/** Garbage, or an answer that was cut, says nothing of what is not in it. */
const oddAnswer = (query: string): string =>
  `nix-store ${query} answered in a form that is not known, or not to the end`;

const problemOf = (result: CommandEnd): string | undefined => {
  if (result.failure !== undefined || result.exitCode === null)
    return result.failure === "not-possible" ? result.stderr : whyNoAnswer("nix-store", result);
  if (result.exitCode === 0) return undefined;
  const reason =
    result.stderr.split("\n").find((line) => line.includes("error")) ??
    result.stderr.split("\n")[0];
  return `nix-store ended with status ${result.exitCode}: ${reason?.trim() ?? ""}`;
};

type Registration = Omit<StoreObject, "referrers">;

/**
 * `nix-store --dump-db`: path, hash, size, deriver, number of references, references; a line each (Nix 2.8.0).
 *
 * @internal
 */
export const parseRegistrations = (lines: readonly string[]): readonly Registration[] => {
  const registrations: Registration[] = [];
  for (let at = 0; at + 4 < lines.length;) {
    const path = storePathOf(lines[at] ?? "");
    const count = Number(lines[at + 4]);
    if (path === undefined || !Number.isSafeInteger(count) || count < 0) break;
    const deriver = storePathOf(lines[at + 3] ?? "");
    const references = lines
      .slice(at + 5, at + 5 + count)
      .flatMap((line) => storePathOf(line) ?? []);
    registrations.push({ path, references, ...(deriver === undefined ? {} : { deriver }) });
    at += 5 + count;
  }
  return registrations;
};

const withReferrers = (
  registrations: readonly Registration[],
): ReadonlyMap<StorePath, StoreObject> => {
  const direct = new Map<StorePath, StorePath[]>();
  for (const { path, references } of registrations) {
    for (const reference of references) {
      if (reference !== path) direct.set(reference, [...(direct.get(reference) ?? []), path]);
    }
  }
  const closure = (start: StorePath): readonly StorePath[] => {
    const reached = new Set<StorePath>();
    const pending = [...(direct.get(start) ?? [])];
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
      if (path === start || reached.has(path)) continue;
      reached.add(path);
      pending.push(...(direct.get(path) ?? []));
    }
    return [...reached].toSorted();
  };
  return new Map(registrations.map((one) => [one.path, { ...one, referrers: closure(one.path) }]));
};
