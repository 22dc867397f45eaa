import type {
  LockedMicrovm,
  RepositoryCommit,
  Search,
  SearchKind,
} from "../../src/evidence/configuration-repository.ts";
import type { FileRef } from "../../src/evidence/reference.ts";
import type { SourceCopy } from "../../src/evidence/store-history.ts";
import type { Generation, StoredRunner } from "../../src/evidence/store.ts";
import { hostPath, type StorePath } from "../../src/vocabulary.ts";
import { command, moment, runner, store } from "./literals.ts";

/** Literal evidence of where runners come from; times are seconds after the beginning of the journal, as in literals.ts. */

/** A symlink that was made at this time. */
export const linkAt = (path: string, target: string, at: number): FileRef => ({
  kind: "file",
  path: hostPath(path),
  stat: {
    type: "symlink",
    mode: 0o777,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: moment(at),
    ctime: moment(at),
    target,
  },
});

export const toplevel = (number: number): StorePath => store(`nixos-system-host-25.${number}`);

/** A generation of the system, made at this time, that installs a runner. */
export const generation = (
  number: number,
  at: number,
  installs?: StorePath,
  more: Partial<Generation> = {},
): Generation => ({
  number,
  link: linkAt(`/nix/var/nix/profiles/system-${number}-link`, toplevel(number), at),
  toplevel: toplevel(number),
  ...(installs === undefined
    ? {}
    : {
        runner: installs,
        installer: {
          kind: "file",
          path: hostPath(`/nix/store/installer-${number}`),
          line: 3,
          text: `ln -sTf ${installs} current`,
        },
      }),
  frozen: false,
  ...more,
});

export const stored = (path: StorePath, more: Partial<StoredRunner> = {}): StoredRunner => ({
  path,
  runner: runner({ directory: path }),
  ref: { kind: "file", path: hostPath(path) },
  valid: true,
  object: { path, references: [], referrers: [] },
  roots: [],
  ...more,
});

let commits = 0;
/** A commit that HEAD is or stands on, unless told otherwise. */
export const commit = (more: Partial<RepositoryCommit> = {}): RepositoryCommit => {
  commits += 1;
  const hash = commits.toString(16).padStart(40, "0");
  return {
    hash,
    authored: moment(-100),
    committed: moment(-100),
    subject: "a runner of its own",
    files: ["vm.nix"],
    refs: ["main"],
    reachable: true,
    ref: { ...command("git", "log"), text: hash },
    ...more,
  };
};

export const search = (kind: SearchKind, text: string, more: Partial<Search> = {}): Search => ({
  kind,
  text,
  commits: [],
  head: [],
  workTree: [],
  whole: true,
  ref: command("git", "log", `-G${text}`),
  ...more,
});

export const locked = (more: Partial<LockedMicrovm> = {}): LockedMicrovm => ({
  in: "head",
  input: "microvm",
  type: "github",
  location: "microvm-nix/microvm.nix",
  revision: "a".repeat(40),
  ref: command("git", "cat-file"),
  ...more,
});

export const sourceCopy = (
  name: string,
  digest: string,
  more: Partial<SourceCopy> = {},
): SourceCopy => {
  const path = store(`${name}-source`);
  return {
    path,
    ref: { kind: "file", path: hostPath(`${path}/lib/runner.nix`) },
    digest,
    merge: "own-wins",
    ...more,
  };
};
