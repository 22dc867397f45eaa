import type { Invocation } from "../evidence/journal.ts";
import type { JournalRef } from "../evidence/reference.ts";
import type { SecretFiles } from "../evidence/secret-files.ts";
import type { VmUnit } from "../evidence/unit.ts";
import { meaningsIn } from "./starts.ts";
import { beforeGuest } from "./vmm-troubles.ts";

/** A credential that systemd was to show to the unit, and that a process of the unit did not find or may not open. */
export interface UnseenCredential {
  /** Nothing where the process could not enter the directory as a whole. */
  readonly id?: string;
  readonly ref: JournalRef;
}

interface Handed {
  readonly unit: VmUnit;
  readonly secretFiles: SecretFiles | undefined;
}

/** What a start shows of credentials that are not in the unit's directory (systemd.exec(5), $CREDENTIALS_DIRECTORY). */
export const unseenCredentials = (
  start: Invocation,
  { unit, secretFiles }: Handed,
): readonly UnseenCredential[] => {
  const place = `/run/credentials/${unit.name}`;
  // Of a directory systemd makes a credential for each file, and none under the id itself (systemd.exec(5)).
  const single = unit.credentials.filter(
    ({ source }) =>
      source === undefined || secretFiles?.walks.get(source)?.file?.stat.type !== "directory",
  );
  return beforeGuest(start, [
    ...meaningsIn(start, "no-such-file"),
    ...meaningsIn(start, "permission-denied"),
  ]).flatMap(({ meaning: { path }, ref }): readonly UnseenCredential[] => {
    if (path === place) return [{ ref }];
    return single.filter(({ id }) => path === `${place}/${id}`).map(({ id }) => ({ id, ref }));
  });
};
