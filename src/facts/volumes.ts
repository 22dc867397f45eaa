import type { Invocation } from "../evidence/journal.ts";
import type { JournalRef } from "../evidence/reference.ts";
import { meaningsIn } from "./starts.ts";

/** An image file of microvm.volumes by its name. */
const IMAGE = /\.(?:img|qcow2|raw|vhdx?)$/u;
const BLOCK_DEVICE = /^\/dev\/(?:zvol|disk|mapper|md|loop|sd|vd|nvme|dm-)/u;

export interface VolumeError {
  readonly ref: JournalRef;
  readonly meaning: { readonly object: string };
  readonly refused: boolean;
  readonly isDevice: boolean;
}

/** What a start says of its volumes: the runner makes them before it starts the VMM, which opens them (createVolumes in lib/runner.nix). */
export const volumeErrors = (start: Invocation): readonly VolumeError[] => {
  const files = [
    ...meaningsIn(start, "permission-denied").map(({ meaning, ref }) => ({
      object: String(meaning.path),
      ref,
      refused: true,
    })),
    ...meaningsIn(start, "no-such-file").map(({ meaning, ref }) => ({
      object: String(meaning.path),
      ref,
      refused: false,
    })),
    ...meaningsIn(start, "vmm-error").flatMap(({ meaning, ref }) =>
      meaning.about === "volume" && meaning.object !== undefined
        ? [{ object: meaning.object, ref, refused: /denied|permitted/iu.test(ref.text) }]
        : [],
    ),
  ];
  return files
    .filter(({ object }) => IMAGE.test(object) || BLOCK_DEVICE.test(object))
    .map(({ object, ref, refused }) => ({
      ref,
      meaning: { object },
      refused,
      isDevice: BLOCK_DEVICE.test(object),
    }));
};
