import type { HostIdentity } from "../evidence/host-identity.ts";
import type { Invocation } from "../evidence/journal.ts";
import type { JournalRef } from "../evidence/reference.ts";
import type { RunnerNeeds } from "../evidence/runner-needs.ts";
import type { SecretFiles } from "../evidence/secret-files.ts";
import { meaningsIn } from "./starts.ts";
import { beforeGuest } from "./vmm-troubles.ts";

/** An image file of microvm.volumes by its name. */
const IMAGE = /\.(?:img|qcow2|raw|vhdx?)$/u;
const BLOCK_DEVICE = /^\/dev\/(?:zvol|disk|mapper|md|loop|sd|vd|nvme|dm-)/u;
/** Programs of createVolumes (microvm.nix lib/volumes.nix): what they name is an image, whatever it is called. */
const MAKER = /^(?:touch|truncate|fallocate|mke2fs|mkfs\b)/u;

export interface VolumeError {
  readonly ref: JournalRef;
  readonly meaning: { readonly object: string };
  readonly refused: boolean;
  readonly isDevice: boolean;
}

/**
 * What a start says of its volumes: the runner makes them before it starts the VMM, which opens them. A path is a volume's where the
 * runner names it as one, where a program that makes volumes names it, or by its own name.
 */
export const volumeErrors = (
  start: Invocation,
  needs: RunnerNeeds | undefined,
): readonly VolumeError[] => {
  const isVolume = (object: string, by: string | undefined): boolean =>
    !object.startsWith("/nix/store/") &&
    (IMAGE.test(object) ||
      BLOCK_DEVICE.test(object) ||
      (by !== undefined && MAKER.test(by)) ||
      (needs?.volumes ?? []).some(({ path }) => path === object));
  const files = (["permission-denied", "no-such-file"] as const).flatMap((kind) =>
    meaningsIn(start, kind)
      .filter(({ meaning }) => isVolume(meaning.path, meaning.program))
      .map(({ meaning, ref }) => ({
        object: String(meaning.path),
        ref,
        refused: kind === "permission-denied",
      })),
  );
  const words = meaningsIn(start, "vmm-error").flatMap(({ meaning, ref }) =>
    meaning.about === "volume" && meaning.object?.startsWith("/nix/store/") !== true
      ? [
          {
            object: meaning.object ?? "an image",
            ref,
            refused: /denied|permitted|os error 13\b|code: 13,/iu.test(ref.text),
          },
        ]
      : [],
  );
  return beforeGuest(start, [...files, ...words]).map(({ object, ref, refused }) => ({
    ref,
    meaning: { object },
    refused,
    isDevice: BLOCK_DEVICE.test(object),
  }));
};

/**
 * A block device that was refused and belongs to the group disk, by its stat or for all that is known; one that is open to another group
 * was refused for another reason.
 */
export const belongsToDisk = (
  { isDevice, refused, meaning }: VolumeError,
  files: SecretFiles | undefined,
  identity: HostIdentity | undefined,
): boolean => {
  if (!isDevice || !refused) return false;
  const walk = [...(files?.walks.values() ?? [])].find(({ path }) => path === meaning.object);
  const disk = identity?.groups.get("disk")?.gid;
  const stat = walk?.end === "present" ? walk.file?.stat : undefined;
  return stat?.type !== "block-device" || disk === undefined || stat.gid === disk;
};
