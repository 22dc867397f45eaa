import type { Glance } from "../diagnosis/glance.ts";
import { formatUtc } from "../time/format-time.ts";
import { causesLeft } from "./list.ts";
import { jsonLookedAt } from "./looked-at-json.ts";
import { jsonText } from "./printable.ts";
import type { Reports } from "./report.ts";
import type { list, listedVm } from "./schema/list.ts";
import type { Written } from "./schema/pieces.ts";

/** The list for programs. */
export const renderListJson = (reports: Reports): string => {
  const { host, coverage, ...others } = jsonLookedAt(reports);
  const glances = reports.flatMap(({ diagnosis }) => diagnosis.glances);
  const document: Written<typeof list> = {
    schemaVersion: 1,
    generatedAt: formatUtc(reports[0].generatedAt),
    complete: reports.every(({ diagnosis }) => diagnosis.complete),
    host,
    gaps: coverage.gaps,
    ...others,
    causes: {
      most: mostOf(reports[0].diagnosis.mostDiagnosed),
      leftOut: causesLeft(glances).length,
    },
    vms: reports.flatMap(({ diagnosis }) =>
      diagnosis.glances.map((glance) => ({
        vm: glance.vm,
        ...(reports.length === 1 ? {} : { host: diagnosis.host?.name ?? diagnosis.origin }),
        ...lineOf(glance),
      })),
    ),
  };
  return jsonText(document);
};

/** `null`: a cause was looked for in every VM that is not well. */
const mostOf = (most: number | undefined): number | null =>
  most === undefined || most === Number.MAX_SAFE_INTEGER ? null : most;

const lineOf = ({
  status,
  state,
  since,
  lasts,
  cause,
  ...glance
}: Glance): Omit<Written<typeof listedVm>, "host" | "vm"> => ({
  status,
  state,
  since: since === undefined ? null : formatUtc(since),
  lastsSeconds: lasts === undefined ? null : Math.floor(lasts / 1_000_000),
  restarts: glance.restarts ?? null,
  hypervisor: glance.hypervisor ?? null,
  flavour: glance.flavour ?? null,
  version: glance.version,
  everWorked: glance.everWorked,
  secrets: glance.secrets,
  rootCauses: cause.status === "found" ? cause.rootCauses : [],
  causeNotSought: cause.status === "not-sought" ? cause.why : null,
});
