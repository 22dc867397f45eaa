import { collectLiveUnit } from "../../src/collectors/live-unit.ts";
import { answering } from "../../src/host/journal-answer.ts";
import { parseJournalQuery } from "../../src/host/journal-query.ts";
import { outputMask } from "../../src/host/masked-output.ts";
import { pieceJson, savedFormat, savedPieces } from "../../src/host/saved-format.ts";
import { savedJournal } from "../../src/host/saved-journal.ts";
import { readBoots } from "../../src/journal/boots.ts";
import { parseJsonEntry } from "../../src/journal/entry.ts";
import { parseHeaders } from "../../src/journal/headers.ts";
import { formatTime, formatUtc } from "../../src/time/format-time.ts";
import { unitName } from "../../src/vocabulary.ts";
import { corpusOf, ENTRIES, exported, printedBy } from "./corpus.ts";
import { answeringHost } from "./answering-host.ts";
import type { Target } from "./target.ts";

const entryLine = (line: Buffer): void => {
  const entry = parseJsonEntry(line);
  if (entry !== undefined) formatTime(entry.time, "Europe/Vienna");
};

const DETAILED = ENTRIES.slice(0, 40);
const pretty = (line: string): string => JSON.stringify(JSON.parse(line), undefined, 1);

const QUESTIONS: readonly [readonly string[], ...(readonly string[])[]] = [
  ["--list-boots", "--output=json"],
  ["--output=json", "--lines=1", "_PID=1"],
  ["--output=json", "--grep=systemd|a+b"],
];

export const JOURNAL_TARGETS: readonly Target[] = [
  {
    name: "journal JSON",
    inputs: 12000,
    corpus: corpusOf([
      ...ENTRIES,
      '{"__CURSOR":"s=1;i=1","__REALTIME_TIMESTAMP":"1758948099120000","MESSAGE":[27,91,51,49,109,104,105],"_PID":["1",[50]]}',
    ]),
    run(bytes) {
      entryLine(bytes);
      entryLine(Buffer.from(outputMask("journalctl")(bytes.toString("utf8"))));
    },
  },
  {
    name: "journal export",
    inputs: 20000,
    corpus: corpusOf([
      ...DETAILED.map(exported),
      `${exported(DETAILED[0] ?? "{}").slice(0, -1)}MESSAGE\n\u0003\0\0\0\0\0\0\0a\nb\n\n`,
    ]),
    run(bytes) {
      for (const piece of savedPieces(bytes, "export")) {
        if (piece.to <= piece.from) throw new Error("a piece that leads nowhere");
        if (piece.values !== undefined) JSON.parse(pieceJson(bytes, "export", piece));
      }
    },
  },
  {
    name: "saved journals",
    inputs: 2000,
    corpus: corpusOf(
      [0, 4, 9].flatMap((at) => {
        const lines = DETAILED.slice(at, at + 2);
        return [
          lines.map(exported).join(""),
          lines.map((line) => `${line}\n`).join(""),
          lines.map((line) => `${pretty(line)}\n`).join(""),
          lines.map((line) => `data: ${line}\n\n`).join(""),
          lines.map((line) => `\u001E${line}\n`).join(""),
        ];
      }),
    ),
    async run(bytes, random) {
      const format = savedFormat(bytes);
      if (format === undefined) return;
      const journal = answering(savedJournal([{ file: "/tmp/a.txt", bytes, format }]));
      const all = await journal.run(["--output=json", "--all"]);
      for (const line of all.stdout.split("\n")) entryLine(Buffer.from(line));
      await journal.run(random.pick(QUESTIONS));
    },
  },
  {
    name: "arguments of journalctl",
    corpus: corpusOf(
      [
        "--output=json --all UNIT=a + _PID=1 PRIORITY=3",
        "--since=@1758948099.120000 --until=@1758949000 --output=json --boot=-1",
        "--list-boots --output=json",
        "--lines=3 --output=json --reverse",
        "--field=_MACHINE_ID",
        "--grep=a|b --case-sensitive --output=json",
      ].map((line) => line.replaceAll(" ", "\n")),
    ),
    run: (bytes) => parseJournalQuery(bytes.toString("utf8").split("\n")),
  },
  {
    name: "journalctl --header",
    inputs: 5000,
    corpus: corpusOf(printedBy("journalctl --header")),
    run(bytes) {
      for (const { first, last } of parseHeaders(bytes.toString("utf8")).files) {
        formatUtc(first.time);
        formatUtc(last.time);
      }
    },
  },
  {
    name: "journalctl --list-boots",
    inputs: 5000,
    corpus: corpusOf(printedBy("journalctl --list-boots")),
    async run(bytes) {
      const { boots } = await readBoots(answeringHost(bytes));
      for (const { first, last } of boots) {
        formatTime(first, "UTC");
        formatTime(last, "UTC");
      }
    },
  },
  {
    name: "systemctl show",
    inputs: 3000,
    corpus: corpusOf([
      "ActiveState=active\nSubState=running\nResult=success\nInvocationID=7d5bd1a4c2e04a9b8fb0a4f1f8d2c111\nMainPID=4711\nNeedDaemonReload=no\nActiveEnterTimestamp=Sat 2025-09-27 05:40:00 UTC\n",
      "ActiveState=failed\nSubState=failed\nResult=exit-code\nInvocationID=\nMainPID=0\nNeedDaemonReload=yes\nActiveEnterTimestamp=\n",
    ]),
    async run(bytes) {
      const { live } = await collectLiveUnit(answeringHost(bytes), unitName("microvm@a.service"));
      if (live?.activeSince !== undefined) formatUtc(live.activeSince);
    },
  },
];
