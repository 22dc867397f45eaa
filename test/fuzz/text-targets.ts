import { meaningsOf } from "../../src/collectors/output/meanings.ts";
import { setupWords } from "../../src/collectors/output/service-manager.ts";
import { unpackBundle } from "../../src/host/bundle/unpack.ts";
import { lineMask } from "../../src/host/line-masking.ts";
import { parsePseudonymMap } from "../../src/host/pseudonym-map.ts";
import { pseudonymise } from "../../src/host/pseudonyms.ts";
import type { Recording } from "../../src/host/recording.ts";
import { mask } from "../../src/host/redaction.ts";
import { byteReader } from "../../src/host/remote/byte-reader.ts";
import { lastWords } from "../../src/host/remote/command-end.ts";
import { missedBy } from "../../src/host/remote/lookup-errors.ts";
import { answersIn } from "../../src/host/remote/remote-answers.ts";
import { statsIn } from "../../src/host/remote/remote-stat.ts";
import { marksOf } from "../../src/host/remote/shell-script.ts";
import { listedNames } from "../../src/host/remote/shell-words.ts";
import { NO_PSEUDONYMS } from "../../src/host/pseudonym-map.ts";
import { replayHost } from "../../src/host/recording.ts";
import { parseReportFile } from "../../src/report/report-file.ts";
import { checkEvidence } from "../../src/requests/check-evidence.ts";
import { formatTime, formatUtc, isZone } from "../../src/time/format-time.ts";
import { parseSystemdTime } from "../../src/time/systemd-time.ts";
import { micros } from "../../src/vocabulary.ts";
import { corpusOf, ENTRIES, MESSAGES, RECORDED, textsAt } from "./corpus.ts";
import { smallArchive, smallRecording, repacked, withMember } from "./small-bundle.ts";
import type { Target } from "./target.ts";

/** No masked text is longer than this: a placeholder takes the place of one character at least, and something stands between two. */
const mostMasked = (text: string): number => 12 * text.length + 64;

const sameTwice = (masked: string, again: string): void => {
  if (masked !== again) throw new Error(`masked once: ${masked}\nmasked twice: ${again}`);
};

const NONCE = "00112233445566778899aabbccddeeff";
const MARKS = marksOf(NONCE);
const NOW = { now: micros(1_758_951_120_000_000), zone: "America/New_York" };

const REPORT = JSON.stringify({
  schemaVersion: 1,
  generatedAt: "2025-09-27T05:52:00.000000Z",
  window: { since: null, until: null },
  vms: [
    {
      vm: "test-vm",
      findings: [{ id: "access/file-mode", title: "a", phase: 1, evidence: ["e1", "e2"] }],
    },
  ],
  evidence: [
    { id: "e1", kind: "journal", cursor: "s=1;i=2", text: "hi" },
    { id: "e2", kind: "file", path: "/run/secrets", line: 1, text: "x" },
    { id: "e3", kind: "command", argv: ["nix-store"], exitCode: 0 },
    { id: "e4", kind: "coverage", source: "journal", text: "all" },
  ],
});

const inPieces = async function* (bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
};

const withText = (recorded: Recording, text: string): Recording => ({
  ...recorded,
  origin: text.slice(0, 80),
  text: { ...recorded.text, "/etc/passwd": { status: "present", value: text } },
});

export const TEXT_TARGETS: readonly Target[] = [
  {
    name: "masked lines",
    inputs: 5000,
    corpus: corpusOf(MESSAGES),
    run(bytes) {
      const text = bytes.toString("utf8");
      const masked = mask(text);
      sameTwice(masked, mask(masked));
      if (masked.length > mostMasked(text)) throw new Error(`${masked.length} characters`);
      const line = lineMask();
      for (const one of text.split("\n")) line(one, () => "");
    },
  },
  {
    name: "masked files",
    inputs: 2000,
    corpus: corpusOf(textsAt(/microvm-run$|\.conf$|\.service$|\/activate$/u)),
    run(bytes) {
      const text = bytes.toString("utf8");
      const masked = mask(text, "file");
      sameTwice(masked, mask(masked, "file"));
      if (masked.length > mostMasked(text)) throw new Error(`${masked.length} characters`);
    },
  },
  {
    name: "words of programs",
    inputs: 2000,
    corpus: corpusOf(MESSAGES),
    run(bytes) {
      const text = bytes.toString("utf8");
      meaningsOf(text);
      setupWords(text);
    },
  },
  {
    name: "answers of a remote shell",
    inputs: 5000,
    corpus: corpusOf([
      `hello\n${NONCE} 0\nworld\n${NONCE} 1\n${NONCE}.\n`,
      [
        "/run",
        "41ed",
        "0",
        "0",
        "4096",
        "1758948099.000000",
        "1758948099.000000",
        "0.000000",
        "",
      ].join("\0"),
      "a\\ b\n\\303\\274\nc\\nd\n",
      "stat: cannot statx '/a': No such file or directory\n",
      "ls: cannot access '/a': Permission denied\nsudo: a password is required\n",
    ]),
    async run(bytes, random) {
      const reader = byteReader(inPieces(bytes, 1 + random.below(64)));
      const { bytes: output } = await reader.until(MARKS.settled, 1 + random.below(8192));
      const errors = bytes.toString("utf8");
      const answers = answersIn(MARKS, { output, errors, count: 3 });
      if (answers.length !== 3) throw new Error(`${answers.length} answers to 3 questions`);
      for (const [, stat] of statsIn(bytes.toString("utf8")) ?? []) formatUtc(stat.mtime);
      listedNames(bytes);
      missedBy(errors);
      if ((lastWords(bytes)?.length ?? 0) > 300) throw new Error("too many last words");
    },
  },
  {
    name: "reports to verify",
    inputs: 3000,
    corpus: corpusOf([REPORT]),
    async run(bytes) {
      const parsed = parseReportFile(bytes.toString("utf8"));
      if (parsed.status === "wrong") return;
      const host = replayHost(smallRecording);
      for (const evidence of parsed.report.evidence.slice(0, 20))
        await checkEvidence(host, evidence, parsed.report.evidence);
    },
  },
  {
    name: "times",
    inputs: 5000,
    corpus: corpusOf([
      "2025-09-27 01:52:00",
      "yesterday",
      "Sat 2025-09-27 05:52:00.123456 UTC",
      "-2h 30min",
      "@1758951120.5",
      "3 weeks 2 days ago",
      "2025-09-27T05:52:00+02:00",
      "Sep 27 01:52:00 Europe/Berlin",
      "00:40 EDT",
    ]),
    run(bytes) {
      const text = bytes.toString("utf8");
      const time = parseSystemdTime(text, NOW);
      if (time !== undefined) {
        formatTime(time, NOW.zone);
        formatUtc(time);
      }
      isZone(text.slice(0, 100));
    },
  },
  {
    name: "pseudonyms",
    inputs: 500,
    corpus: corpusOf([
      ...textsAt(/^\/etc\/passwd$/u),
      ...ENTRIES.slice(0, 10),
      "sudo: alice : TTY=pts/1 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/sh /srv/projects/apollo/run.sh\nalice:x:1000:100::/home/alice:/bin/sh\n",
      '{"version":1,"hosts":{"britton-desktop":"host-001"},"users":{"__proto__":"user-001"},"paths":{}}',
    ]),
    run(bytes) {
      const text = bytes.toString("utf8");
      const kinds = new Set(["hosts", "users", "paths"] as const);
      pseudonymise(withText(smallRecording, text), kinds, parsePseudonymMap(text) ?? NO_PSEUDONYMS);
    },
  },
  {
    name: "archives of bundles",
    inputs: 2000,
    corpus: [smallArchive],
    async run(bytes, random) {
      await unpackBundle(await repacked(bytes, random.oneIn(8) ? random : undefined));
    },
  },
  {
    name: "members of bundles",
    inputs: 1000,
    corpus: corpusOf([
      ...textsAt(/hostname$/u),
      ...ENTRIES.slice(0, 3),
      JSON.stringify({ lstat: RECORDED.lstat["/run"], list: {}, text: {} }),
    ]),
    async run(bytes, random) {
      const bundle = await withMember(bytes, random);
      const unpacked = await unpackBundle(bundle);
      if (unpacked.status === "damaged") return;
      for (const recorded of unpacked.recordings) {
        const host = replayHost(recorded);
        for (const found of Object.values(recorded.lstat))
          if (found.status === "present") formatUtc(found.value.mtime);
        await host.run({ program: "journalctl", args: ["--lines=1", "--cursor=x"] });
      }
    },
  },
];
