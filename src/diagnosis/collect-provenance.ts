import {
  collectConfigurationRepository,
  type RepositoryBasics,
} from "../collectors/configuration-repository.ts";
import { collectRegistrations } from "../collectors/registrations.ts";
import {
  collected,
  unavailable,
  valueOf,
  type Collected,
  type CollectedEvidence,
  type Gap,
} from "../evidence/evidence.ts";
import type { Generations, Store } from "../evidence/store.ts";
import type { SourceCopies } from "../evidence/store-history.ts";
import { ownNames } from "../facts/origin.ts";
import type { Host } from "../host/host.ts";
import type { VmName } from "../vocabulary.ts";

/** What tells where runners come from and all VMs share; read once. */
export interface SharedProvenance {
  readonly sourceCopies: Collected<SourceCopies>;
  /** Absent where no configuration repository was named. */
  readonly configuration?: RepositoryBasics;
}

type Provenance = Pick<
  CollectedEvidence,
  "registrations" | "sourceCopies" | "configurationRepository"
>;

/** When the runners of a VM came into the store, the copies of microvm.nix beside them, and what the configuration's history says. */
export const collectProvenance = async (
  host: Host,
  vm: VmName,
  { sourceCopies, configuration }: SharedProvenance,
  { store, generations }: { readonly store?: Store; readonly generations?: Generations },
): Promise<Provenance> => {
  const known = (store?.runners ?? []).filter(({ valid }) => valid === true);
  const copies = valueOf(sourceCopies)?.copies ?? [];
  const [registrations, configurationRepository] = await Promise.all([
    store === undefined || store.databaseProblem !== undefined
      ? unavailable("failed", store?.databaseProblem ?? "the Nix store could not be listed")
      : collectRegistrations(
          host,
          [...known, ...copies].map(({ path }) => path),
        ),
    configuration === undefined
      ? unavailable("not-found", "no configuration repository was named (--flake)")
      : collectConfigurationRepository(configuration, {
          vm,
          runnerNames: ownNames(store, generations),
        }).then(collected),
  ]);
  return { registrations, sourceCopies, configurationRepository };
};

/** What could not be read of these; a database that could not be asked is a gap of the store already. */
export const provenanceGaps = (
  vm: VmName,
  { store, registrations, configurationRepository }: CollectedEvidence,
): readonly Gap[] => [
  ...(valueOf(store)?.databaseProblem === undefined &&
  store.status === "collected" &&
  registrations.status === "unavailable"
    ? [
        {
          source: "nix-store" as const,
          reason: `when runners came into the store is not known: ${registrations.detail}`,
          required: false,
          vm,
        },
      ]
    : []),
  ...(valueOf(configurationRepository)?.problems ?? []).map((reason) => ({
    source: "configuration-repository" as const,
    reason,
    required: false,
    vm,
  })),
];
