import type { FileRef } from "../../evidence/reference.ts";
import type { Runner } from "../../evidence/runner.ts";
import type { VmUnit } from "../../evidence/unit.ts";
import { isPublicCredential, passedValues } from "../../facts/passed-values.ts";
import { namesOfGuest, namesOfUnit } from "../../facts/secrets.ts";
import { defineRule } from "../rule.ts";

/** Something in the store that is a value, or stands for one. */
interface Stored {
  readonly name: string;
  readonly what: string;
  /** Bytes of a value that was masked; absent where the file itself is the value. */
  readonly bytes?: number;
  readonly ref: FileRef;
}

export default defineRule({
  id: "exposure/store",
  severity: "error",
  part: "risk",
  docs: {
    what: "A secret value, or what stands for one, lies in the world-readable Nix store.",
    why: "Everything in /nix/store is readable by every user of the host, stays there for as long as any generation needs it, and is copied to binary caches and to guests that share the store. A path literal (`./secret.txt`) is copied there too.",
    proof:
      "The runner's or the unit's own text: `file=/nix/store/...` of a credential, LoadCredential= of a store path, a literal value in an OEM string, a fw_cfg string or the kernel command line, SetCredential= or a secret-like Environment= in a unit of the store. Values are masked; their length is shown.",
    ruledOut:
      "The value is put in at the start; the credential is encrypted; or it is one that hides nothing, such as a host name or a public key.",
    confusedWith: [
      {
        id: "exposure/command-line",
        tell: "There the value is put in at the start and seen only while the VMM runs.",
      },
      {
        id: "exposure/world-readable",
        tell: "There a file outside of the store has a mode that lets everybody read it.",
      },
    ],
    repair:
      "Change the secret, for it has to be taken for known. Then let systemd load it from a path outside of the store, written as a string.",
    sources: [
      "microvm.nix nixos-modules/microvm/options.nix at 71beea0: platformOEMStrings, credentialFiles",
      "Nix manual: path literals are copied to the store",
      "nixpkgs#24288",
    ],
  },
  requires: ["runners", "secrets"],
  optional: ["unit"],
  *check({ runners, secrets, unit }) {
    const found = [
      ...(runners.current === undefined ? [] : inRunner(runners.current)),
      ...(unit === undefined ? [] : inUnit(unit)),
    ];
    for (const { name, what, bytes, ref } of found) {
      yield {
        title: `The value of ${name} lies in the Nix store`,
        explanation: `${what}${bytes === undefined ? "" : ` It has ${bytes} bytes and is masked here.`} Every user of the host may read the store, and everything that copies it. Take the secret for known and change it.`,
        certainty: "proven",
        subject: { name, path: ref.path, ...(bytes === undefined ? {} : { bytes }) },
        evidence: [ref],
        scope: {
          secrets: [
            ...new Set([...namesOfGuest(secrets, [name]), ...namesOfUnit(secrets, [name])]),
          ],
          inForce: true,
        },
        remedies: [
          {
            title: "Change the secret, and load it from outside of the store",
            kind: "advice",
            snippet: `LoadCredential=${name}:/run/secrets/${name}   # the path as a string, not as a path literal`,
            clears: ["exposure/store"],
            leaves: ["exposure/command-line"],
            cost: "The old value stays in the store until it is collected as garbage, and in every copy.",
          },
        ],
      };
    }
  },
});

const inStore = (path: string): boolean => path.startsWith("/nix/store/");

const CHANNELS = {
  "fw-cfg-string": "a fw_cfg string",
  "oem-literal": "an OEM string",
  "oem-runtime": "a variable of the runner that becomes an OEM string",
  "smbios-argument": "an SMBIOS argument",
  "kernel-command-line": "the guest's kernel command line",
} as const;

const inRunner = (runner: Runner): readonly Stored[] => [
  ...runner.channels.flatMap((channel): readonly Stored[] =>
    channel.kind === "fw-cfg-file" && inStore(channel.path) && !isPublicCredential(channel.name)
      ? [
          {
            name: channel.name,
            what: `The runner hands ${channel.name} over from ${channel.path}, so the file with the value is in the store.`,
            ref: channel.ref,
          },
        ]
      : [],
  ),
  ...passedValues(runner).flatMap(({ value, channel, ref }): readonly Stored[] =>
    value.form === "literal" &&
    value.path === undefined &&
    (value.bytes ?? 0) > 0 &&
    inStore(ref.path) &&
    !isPublicCredential(value.name)
      ? [
          {
            name: value.name,
            what: `The runner holds the value itself, in ${CHANNELS[channel]}.`,
            bytes: value.bytes ?? 0,
            ref,
          },
        ]
      : [],
  ),
];

const inUnit = (unit: VmUnit): readonly Stored[] => [
  ...unit.credentials.flatMap(({ id, source, encrypted, ref }): readonly Stored[] =>
    source !== undefined && inStore(source) && !encrypted && !isPublicCredential(id)
      ? [
          {
            name: id,
            what: `LoadCredential= takes ${id} from ${source}, so the file with the value is in the store.`,
            ref,
          },
        ]
      : [],
  ),
  ...unit.setIds.flatMap(({ value: id, ref }): readonly Stored[] => {
    const bytes = maskedBytes(ref, `${id}:`);
    return (ref.text ?? "").startsWith("SetCredential=") &&
      bytes > 0 &&
      isFromStore(unit, ref) &&
      !isPublicCredential(id)
      ? [
          {
            name: id,
            what: "SetCredential= holds the value itself, in a unit file of the store.",
            bytes,
            ref,
          },
        ]
      : [];
  }),
  ...unit.environment.flatMap(({ value: name, ref }): readonly Stored[] => {
    const bytes = maskedBytes(ref, `${name}=`);
    return SECRET_NAME.test(name) && bytes > 0 && isFromStore(unit, ref)
      ? [
          {
            name,
            what: "Environment= holds the value itself, in a unit file of the store.",
            bytes,
            ref,
          },
        ]
      : [];
  }),
];

/** The name of a value; one that ends in FILE, PATH or ID says where it is or whose. */
const SECRET_NAME =
  /(?:secret|token|passw(?:or)?d|passphrase|api[-_]?key|private[-_]?key|(?<![a-z])key)$/iu;

/** How many bytes were masked behind this name. */
const maskedBytes = ({ text = "" }: FileRef, name: string): number => {
  const at = text.indexOf(name);
  const found = /^["']?<masked, (?<bytes>\d+) bytes>/u.exec(
    at < 0 ? "" : text.slice(at + name.length),
  );
  return Number(found?.groups?.["bytes"] ?? 0);
};

/** NixOS links every unit file and drop-in into the store. */
const isFromStore = (unit: VmUnit, { path }: FileRef): boolean => {
  const file = [unit.fragment, ...unit.dropIns].find((one) => one.path === path);
  return inStore(path) || inStore(file?.stat?.target ?? "");
};
