import { pathsReadAsUser } from "../facts/handover.ts";
import type { HostPath } from "../vocabulary.ts";
import { loadCredential } from "./remedies.ts";
import { asDropIn, type RemedyContext } from "./remedy-places.ts";
import type { Remedy } from "./rule.ts";

/** A file that the runner or its VMM opens as the unit's user, and the id under which systemd could hand it over. */
interface OwnRead {
  readonly path: HostPath;
  readonly id: string;
  readonly by: "runner" | "hypervisor";
}

/**
 * systemd reads as root and hands the unit a copy, which needs no right on the file. Where the runner opens the file itself it has to take
 * the copy in its place; one without the other changes nothing.
 */
export const readBySystemd = (context: RemedyContext): Remedy => {
  const reads = ownReads(context);
  if (reads.length === 0) return loadCredential(context);
  const unit = `microvm@${context.vm}`;
  const lines = reads.map(({ id, path }) => `    "${id}:${path}"`);
  const comments = reads.map(({ id, path, by }) =>
    by === "runner"
      ? `  # In the runner: "$CREDENTIALS_DIRECTORY/${id}" in the place of ${path}`
      : `  # In microvm.credentialFiles: "/run/credentials/${unit}.service/${id}" in the place of ${path}`,
  );
  return {
    title: "Let systemd read it, and take the copy that it hands to the unit",
    kind: "nix",
    snippet: `{
${asDropIn(context)}  systemd.services."${unit}".serviceConfig.LoadCredential = [
${lines.join("\n")}
  ];
${comments.join("\n")}
}
`,
    clears: [
      "access/file-mode",
      "access/parent-directory",
      "access/namespace",
      "runner/reads-secret-directly",
      "runner/swallowed-read-error",
    ],
    leaves: [],
    repairs: reads.flatMap(({ id, path }) => [
      { kind: "credential-loaded" as const, id, source: path },
      { kind: "credential-taken" as const, id, source: path },
    ]),
    cost: "The file stays root's. Both parts are needed: the line of the unit, and the path in what reads. Needs a rebuild and a restart of the VM.",
  };
};

const ownReads = ({ runner, unit, secrets }: RemedyContext): readonly OwnRead[] =>
  (runner === undefined ? [] : pathsReadAsUser(runner))
    .filter(({ path }, index, all) => all.findIndex((one) => one.path === path) === index)
    .map(({ path, by }) => ({
      path,
      by,
      id:
        unit?.credentials.find(({ source }) => source === path)?.id ??
        credentialId(
          secrets.find(({ paths }) => paths.includes(path))?.name ??
            path.slice(path.lastIndexOf("/") + 1),
        ),
    }));

/** systemd takes a file name for an id (credential_name_valid(), src/shared/creds-util.c). */
const credentialId = (name: string): string => name.replaceAll(/[^\w.-]+/gu, "-");
