import type { FileRef } from "../evidence/reference.ts";
import type { VmUnit } from "../evidence/unit.ts";
import { hostPath, type HostPath } from "../vocabulary.ts";

/** A file that systemd reads variables from before it starts the unit. */
export interface EnvironmentFile {
  readonly path: HostPath;
  /** Without a dash in front a missing file ends the start (systemd.exec(5), EnvironmentFile=). */
  readonly required: boolean;
  readonly ref: FileRef;
}

/** The files of EnvironmentFile= that name one path; globs and specifiers that depend on the host are left out. */
export const environmentPaths = ({ environmentFiles }: VmUnit): readonly EnvironmentFile[] =>
  environmentFiles.flatMap(({ value, ref }) => {
    const path = value.replace(/^-/u, "");
    return path.startsWith("/") && !/[*?%[]/u.test(path)
      ? [{ path: hostPath(path), required: !value.startsWith("-"), ref }]
      : [];
  });
