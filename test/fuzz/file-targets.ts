import { readAgenixScript } from "../../src/collectors/agenix-script.ts";
import { declaredSecrets } from "../../src/collectors/declared-secrets.ts";
import { lockedMicrovm } from "../../src/collectors/flake-lock.ts";
import { parseLog } from "../../src/collectors/git-log.ts";
import { walkPath } from "../../src/collectors/path-walk.ts";
import { collectRegistrations } from "../../src/collectors/registrations.ts";
import { readRunnerScript } from "../../src/collectors/runner-script.ts";
import { parseAccessLists } from "../../src/collectors/secret-files.ts";
import { parseRegistrations } from "../../src/collectors/store.ts";
import {
  effectiveSettings,
  expandSpecifiers,
  parseCredentialSetting,
  parseUnitFile,
  splitWords,
} from "../../src/collectors/unit-file.ts";
import { parseSuppressions } from "../../src/diagnosis/suppression-file.ts";
import { mask } from "../../src/host/redaction.ts";
import { formatUtc } from "../../src/time/format-time.ts";
import { hostPath, storePathOf, unitName } from "../../src/vocabulary.ts";
import { answeringHost } from "./answering-host.ts";
import { corpusOf, printedBy, textsAt } from "./corpus.ts";
import { randomFrom } from "./random.ts";
import { randomTree } from "./random-tree.ts";
import type { Target } from "./target.ts";

const SCRIPT = hostPath("/nix/store/1gxbcs0r2x20qapxyrx92qhv8b072sgm-microvm-a-microvm-run");
const UNIT = hostPath("/etc/systemd/system/microvm@a.service");
const AGENIX = `[agenix] creating new generation in /run/agenix.d/$_agenix_generation
_truePath="$_agenix_generation/api-key"
TMP_FILE="$_truePath.tmp"
  age --decrypt -i /etc/ssh/ssh_host_ed25519_key -o "$TMP_FILE" "/nix/store/0vlkl0kmww71ssksdfrhazqx46ndcnn5-api.age"
chmod 0400 "/run/agenix.d/$_agenix_generation/api-key.tmp"
chown 0:0 /run/agenix/api-key
ln -sfT "/run/agenix.d/$(( _agenix_generation ))" /run/agenix
for identity in /etc/ssh/a /etc/ssh/b; do
`;
const STORE_PATH = storePathOf(SCRIPT);

export const FILE_TARGETS: readonly Target[] = [
  {
    name: "unit files",
    inputs: 15000,
    corpus: corpusOf(textsAt(/\.(?:service|conf|target)$/u)),
    run(bytes) {
      const settings = parseUnitFile(UNIT, bytes.toString("utf8"));
      for (const { section, key, value } of settings.slice(0, 50)) {
        effectiveSettings([settings], section, key);
        for (const word of splitWords(value)) parseCredentialSetting(word);
        expandSpecifiers(value, unitName("microvm@a-\\x2d.service"));
      }
    },
  },
  {
    name: "runner scripts",
    inputs: 1000,
    corpus: corpusOf(textsAt(/microvm-run$|-start$|\/activate$/u)),
    run(bytes) {
      readRunnerScript(SCRIPT, mask(bytes.toString("utf8"), "file"));
    },
  },
  {
    name: "scripts of agenix",
    inputs: 3000,
    corpus: corpusOf([AGENIX, ...textsAt(/\/activate$/u)]),
    run: (bytes) => readAgenixScript(SCRIPT, bytes.toString("utf8")),
  },
  {
    name: "what installers declare",
    inputs: 3000,
    corpus: corpusOf([...textsAt(/manifest\.json$/u), AGENIX]),
    run: (bytes) => declaredSecrets(answeringHost(bytes), SCRIPT),
  },
  {
    name: "nix-store --dump-db",
    inputs: 20000,
    corpus: corpusOf(printedBy("nix-store --dump-db")),
    run: (bytes) => parseRegistrations(bytes.toString("utf8").split("\n")),
  },
  {
    name: "nix path-info",
    inputs: 2000,
    corpus: corpusOf(printedBy("nix path-info")),
    async run(bytes) {
      const found = await collectRegistrations(
        answeringHost(bytes),
        STORE_PATH === undefined ? [] : [STORE_PATH],
      );
      if (found.status === "collected")
        for (const time of found.value.times.values()) formatUtc(time);
    },
  },
  {
    name: "getfacl",
    inputs: 5000,
    corpus: corpusOf([
      ...printedBy("getfacl"),
      "# file: /run/secrets/\\303\\274ber\n# owner: 0\nuser::rw-\nuser:1000:r--\ngroup::---\nmask::r--\nother::---\n\n",
    ]),
    run: (bytes) => parseAccessLists(bytes.toString("utf8")),
  },
  {
    name: "flake.lock",
    inputs: 3000,
    corpus: corpusOf([
      '{"nodes":{"microvm":{"locked":{"lastModified":1758948099,"narHash":"sha256-a","owner":"microvm-nix","repo":"microvm.nix","rev":"71beea0","type":"github"},"original":{"owner":"microvm-nix","repo":"microvm.nix","type":"github"}}},"version":7}',
    ]),
    run(bytes) {
      const ref = { kind: "command", argv: ["git"], exitCode: 0 } as const;
      for (const { lastModified } of lockedMicrovm(bytes.toString("utf8"), "head", ref) ?? [])
        if (lastModified !== undefined) formatUtc(lastModified);
    },
  },
  {
    name: "git log",
    inputs: 3000,
    corpus: corpusOf([
      "\u001Eaaaa\u001F1758948099\u001F1758948100\u001Fbbbb cccc\u001Fpass the key\n\nflake.nix\nhosts/a.nix\n\u001Ebbbb\u001F1758940000\u001F1758940000\u001F\u001Ffirst\n",
    ]),
    run(bytes) {
      for (const { authored, committed } of parseLog(bytes.toString("utf8"))) {
        formatUtc(authored);
        formatUtc(committed);
      }
    },
  },
  {
    name: "suppressions",
    inputs: 3000,
    corpus: corpusOf([
      '{"suppress":[{"rule":"access/file-mode","vm":"a","path":"/run/secrets/a","reason":"known","until":"2026-12-31"}]}',
    ]),
    run: (bytes) => parseSuppressions(bytes.toString("utf8"), "/etc/mvdoctor.json"),
  },
  {
    name: "links",
    inputs: 10000,
    // What is drawn by lot here is the tree.
    corpus: corpusOf(["/a/b", "a/../b/c", "../../x", "/l/l/l/l"]),
    async run(bytes, random) {
      const { host, paths } = randomTree(randomFrom(random.below(2 ** 31)), bytes.toString("utf8"));
      for (const path of paths) {
        const { components, end } = await walkPath(host, path);
        if (components.filter(({ stat }) => stat.target !== undefined).length > 41)
          throw new Error("more than 40 links were followed");
        const found = await host.lstat(path);
        // The last link of all is followed by one of them only.
        if (end === "loop" && found.status === "absent") throw new Error("a loop that is absent");
      }
    },
  },
];
