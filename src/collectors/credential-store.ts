import { collected, type Collected } from "../evidence/evidence.ts";
import type { CredentialPlace, CredentialStore } from "../evidence/credential-store.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { Host } from "../host/host.ts";
import { vmUnit } from "../journal/matches.ts";
import { hostPath, type HostPath, type VmName } from "../vocabulary.ts";
import { absentRef, fileRef } from "./path-walk.ts";

/** Where systemd looks for a credential that is named without a path (systemd.exec(5), LoadCredential=, ImportCredential=). */
const PLACES = [
  "/etc/credstore",
  "/run/credstore",
  "/usr/local/lib/credstore",
  "/usr/lib/credstore",
  "/etc/credstore.encrypted",
  "/run/credstore.encrypted",
  "/usr/local/lib/credstore.encrypted",
  "/usr/lib/credstore.encrypted",
  "/run/credentials/@system",
  "/run/credentials/@encrypted",
].map(hostPath);

/** What the unit was given, and what it could be given by name: names and stats, no file is opened. */
export const collectCredentialStore = async (
  host: Host,
  vm: VmName,
): Promise<Collected<CredentialStore>> => {
  const [given, places, hostKey, machineId] = await Promise.all([
    readPlace(host, hostPath(`/run/credentials/${vmUnit(vm)}`)),
    Promise.all(PLACES.map((path) => readPlace(host, path))),
    refOf(host, hostPath("/var/lib/systemd/credential.secret")),
    refOf(host, hostPath("/etc/machine-id")),
  ]);
  return collected({ given, places, hostKey, machineId });
};

const readPlace = async (host: Host, path: HostPath): Promise<CredentialPlace> => {
  const stat = await host.lstat(path);
  if (stat.status === "absent")
    return { path, ref: absentRef(path), state: "absent", credentials: [] };
  if (stat.status !== "present")
    return { path, ref: { kind: "file", path }, state: "denied", credentials: [] };
  const names = await host.list(path);
  const ref = fileRef(path, stat.value);
  if (names.status !== "present") return { path, ref, state: "denied", credentials: [] };
  const credentials = await Promise.all(
    names.value.map(async (name) => ({
      name,
      ref: await refOf(host, hostPath(`${path}/${name}`)),
    })),
  );
  return { path, ref, state: "present", credentials };
};

const refOf = async (host: Host, path: HostPath): Promise<FileRef> => {
  const stat = await host.lstat(path);
  if (stat.status === "present") return fileRef(path, stat.value);
  return stat.status === "absent" ? absentRef(path) : { kind: "file", path };
};
