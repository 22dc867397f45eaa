import { packBundle, type CollectedHost } from "../host/bundle/pack.ts";
import { openBundle } from "../host/bundle/open-bundle.ts";
import { readInputFile } from "../host/input-file.ts";
import {
  NO_PSEUDONYMS,
  parsePseudonymMap,
  pseudonymMapText,
  type PseudonymMap,
} from "../host/pseudonym-map.ts";
import { pseudonymise } from "../host/pseudonyms.ts";
import type { Recording } from "../host/recording.ts";
import type { BadBundle, Redaction, WrongUsage } from "./request.ts";

export type RedactAnswer =
  | { readonly status: "redacted"; readonly bundle: Uint8Array; readonly map: string }
  | WrongUsage
  | BadBundle;

/** Gives the bundle in a file other names. */
export const redactBundle = async (file: string, redaction: Redaction): Promise<RedactAnswer> => {
  const opened = await openBundle(file);
  if (opened.status === "damaged")
    return { status: "bad-bundle", message: `${file} cannot be used: ${opened.why}` };
  const { manifest, recordings } = opened;
  const redacted = await redactRecordings(recordings, redaction);
  if (redacted.status === "wrong-usage") return redacted;
  const hosts = manifest.hosts.flatMap(
    ({ vms, everyVm, window }, index): readonly CollectedHost[] => {
      const recorded = redacted.recordings[index];
      return recorded === undefined ? [] : [{ recorded, vms, everyVm, window }];
    },
  );
  const kinds = new Set([...manifest.redacted, ...redaction.kinds]);
  const bundle = await packBundle(hosts, { ...manifest, redacted: [...kinds].toSorted() });
  return { status: "redacted", bundle, map: redacted.map };
};

export type RedactedRecordings =
  | {
      readonly status: "redacted";
      readonly recordings: readonly Recording[];
      /** The text of the map's file. */
      readonly map: string;
    }
  | WrongUsage;

/** Gives recordings other names, the same in all of them. */
export const redactRecordings = async (
  recordings: readonly Recording[],
  { kinds, map: file }: Redaction,
): Promise<RedactedRecordings> => {
  const known = await knownPseudonyms(file);
  if (known.status === "wrong-usage") return known;
  let { map } = known;
  const redacted = recordings.map((recording) => {
    const one = pseudonymise(recording, new Set(kinds), map);
    ({ map } = one);
    return one.recorded;
  });
  return { status: "redacted", recordings: redacted, map: pseudonymMapText(map) };
};

type Known = { readonly status: "known"; readonly map: PseudonymMap } | WrongUsage;

const knownPseudonyms = async (file: string | undefined): Promise<Known> => {
  const read = file === undefined ? undefined : await readInputFile(file);
  if (read === undefined || read.status === "absent")
    return { status: "known", map: NO_PSEUDONYMS };
  const map = read.status === "read" ? parsePseudonymMap(read.text) : undefined;
  return map === undefined
    ? {
        status: "wrong-usage",
        message: `${file ?? ""} is no map of pseudonyms that can be gone on with`,
        hint: "--redact-map names another file; one that is not there is made",
      }
    : { status: "known", map };
};
