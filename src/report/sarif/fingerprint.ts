import { createHash } from "node:crypto";
import type { Finding } from "../../diagnosis/finding.ts";

/**
 * What tells a result from others and stays the same from run to run (SARIF 3.27.17): the host, the VM, the rule, and the words of its
 * subject without their numbers. Sizes, counts and times change while a problem stays; so does the hash of a store path.
 */
export const fingerprint = (host: string, vm: string, { id, subject }: Finding): string => {
  const words = Object.entries(subject)
    .flatMap(([key, value]) =>
      typeof value === "string" && !isTime(value) ? [[key, withoutHash(value)]] : [],
    )
    .toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([host, vm, id, words]))
    .digest("hex");
};

const isTime = (value: string): boolean => /^\d{4}-\d{2}-\d{2}T/u.test(value);

const withoutHash = (value: string): string =>
  value.replaceAll(/(?<=\/nix\/store\/)[0-9a-z]{32}-/gu, "");
