import type { PathWalk } from "../../evidence/secret-files.ts";
import { octal } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { secretNames } from "../scope.ts";

const OTHERS_READ = 0o004;
const OTHERS_PASS = 0o001;

export default defineRule({
  id: "exposure/world-readable",
  severity: "error",
  part: "risk",
  docs: {
    what: "A secret file on the host is readable by everyone.",
    why: "Every service and user of the host can read it.",
    proof:
      "The file's mode, and that of every directory on the way: all of them let everybody through.",
    ruledOut: "One directory on the way that others may not pass.",
    confusedWith: [
      {
        id: "exposure/store",
        tell: "There the file lies in the Nix store, which is for everybody by design.",
      },
      { id: "access/file-mode", tell: "That is the other side: too few rights." },
    ],
    repair: "Leave the file to root with 0400 and hand it over with LoadCredential=.",
    sources: ["path_resolution(7)", "inode(7)"],
  },
  requires: ["secretFiles", "secrets"],
  *check({ secretFiles, secrets }) {
    for (const walk of secretFiles.walks.values()) {
      const names = secretNames({ secrets }, [walk.path]);
      if (names.length === 0 || walk.file?.stat.type !== "file" || !isForEverybody(walk)) continue;
      if (walk.path.startsWith("/nix/store/") || walk.file.path.startsWith("/nix/store/")) continue;
      yield {
        title: `Everybody may read ${walk.path}`,
        explanation: `The file is ${octal(walk.file.stat.mode)}, and every directory on the way lets everybody pass.`,
        certainty: "proven",
        subject: { path: walk.path, mode: octal(walk.file.stat.mode) },
        evidence: [walk.ref],
        scope: { secrets: names, paths: [walk.path], inForce: true },
      };
    }
  },
});

const isForEverybody = ({ components, file }: PathWalk): boolean =>
  components
    .filter(({ stat }) => stat.type !== "symlink")
    .every((one) => (one.stat.mode & (one.path === file?.path ? OTHERS_READ : OTHERS_PASS)) !== 0);
