import type { EvidenceRef } from "../../evidence/reference.ts";
import type { PathWalk } from "../../evidence/secret-files.ts";
import { isPublicName } from "../../facts/public-names.ts";
import { isSecretPlace } from "../../facts/secrets.ts";
import { octal } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

const OTHERS_READ = 0o004;
const OTHERS_PASS = 0o001;

export default defineRule({
  id: "exposure/world-readable",
  severity: "error",
  part: "risk",
  docs: {
    what: "A secret file on the host is readable by everyone.",
    why: "Every user and every service without a sandbox of its own reads it. It is what a chmod leaves behind that was meant to let the runner read.",
    proof:
      "The mode of the file lets others read, and that of every directory on the way lets others pass. The file is never opened.",
    ruledOut:
      "One directory on the way that others may not pass keeps them out, whatever the file's mode.",
    confusedWith: [
      {
        id: "exposure/store",
        tell: "There the file lies in the store, where everybody may read by design.",
      },
      {
        id: "access/file-mode",
        tell: "The opposite: the reader is refused. Opening the file to all is no repair for it.",
      },
    ],
    repair:
      "Give the file back to root with mode 0400, and let systemd read it for the unit (LoadCredential=).",
    sources: ["path_resolution(7)", "sops-nix and agenix: owner root, mode 0400 by default"],
  },
  requires: ["secretFiles", "secrets"],
  optional: ["unit"],
  *check({ secretFiles, secrets, unit }) {
    for (const secret of secrets) {
      for (const path of secret.paths) {
        const walk = secretFiles.walks.get(path);
        const own = path.slice(path.lastIndexOf("/") + 1);
        const names = [own, ...secret.credentialIds, ...secret.guestNames];
        const isSecret =
          !isPublicName(own) &&
          (isSecretPlace(path) ||
            names.some((name) => SECRET_NAME.test(name) && !isPublicName(name)));
        if (walk === undefined || !isSecret || !isReadableByAll(walk) || walk.file === undefined)
          continue;
        const { stat } = walk.file;
        const named = unit?.credentials.find(({ source }) => source === path);
        yield {
          title: `Everybody on this host may read ${path}`,
          explanation: `${walk.file.path} has mode ${octal(stat.mode)}, and every directory on the way lets others pass. The VM may well work; so does everybody else's read.`,
          certainty: "proven",
          subject: { path, mode: octal(stat.mode) },
          evidence: nonEmpty<EvidenceRef>(walk.ref, ...(named === undefined ? [] : [named.ref])),
          scope: { paths: [path], secrets: [secret.name], inForce: true },
          remedies: [
            {
              title: "Let root alone read it",
              kind: "command",
              snippet: `chmod 0400 ${walk.file.path}   # and the same in the configuration that installs it`,
              clears: ["exposure/world-readable"],
              leaves: [],
              cost: "A runner that reads the file itself, as the unit's user, is then refused: let systemd hand it over.",
            },
          ],
        };
      }
    }
  },
});

const SECRET_NAME = /key|token|secret|passw|passphrase|cred|jwt|psk|\.age$|\.pem$/iu;

const isReadableByAll = ({ end, file, components }: PathWalk): boolean =>
  end === "present" &&
  file?.stat.type === "file" &&
  !file.path.startsWith("/nix/store/") &&
  (file.stat.mode & OTHERS_READ) !== 0 &&
  components
    .filter(({ stat }) => stat.type === "directory")
    .every(({ stat }) => (stat.mode & OTHERS_PASS) !== 0);
