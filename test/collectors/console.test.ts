import { describe, expect, it } from "vitest";

import { withoutGuestFiles } from "../../src/collectors/output/console.ts";
import { meaningsOf } from "../../src/collectors/output/meanings.ts";
import { micros } from "../../src/vocabulary.ts";

const REFUSED = "cat: /run/secrets/web/psk: Permission denied";

interface Said {
  readonly text: string;
  readonly pid?: number;
}

/** The refusals that stay the host's, of lines one second apart. */
const hostRefusals = (said: readonly Said[], isOlder = false): number =>
  withoutGuestFiles(
    said.map(({ text, pid = 700 }, second) => ({
      meanings: meaningsOf(text),
      ref: {
        kind: "journal",
        cursor: String(second),
        time: micros(second * 1_000_000),
        identifier: "microvm@web",
        pid,
        text,
      },
    })),
    isOlder,
  ).filter(({ meanings }) => meanings.some(({ kind }) => kind === "permission-denied")).length;

const KERNEL = { text: "[    0.000000] Linux version 6.12.62" };

describe("a file that was refused", () => {
  it("is the host's before the guest has spoken", () => {
    expect(hostRefusals([{ text: REFUSED }, KERNEL])).toBe(1);
  });

  it("is the guest's behind its first word, and under its marks", () => {
    expect(hostRefusals([KERNEL, { text: REFUSED }])).toBe(0);
    expect(hostRefusals([{ text: `[    4.2] sh[391]: ${REFUSED}` }])).toBe(0);
    expect(hostRefusals([{ text: `[\u001B[0;1;31mFAILED\u001B[0m] ${REFUSED}` }])).toBe(0);
  });

  it("is the host's where another process of the unit says it", () => {
    expect(hostRefusals([KERNEL, { text: REFUSED, pid: 701 }])).toBe(1);
  });

  it("is the VMM's where it says so under the name that it was started by", () => {
    const own =
      "microvm@web: -fw_cfg name=a,file=/run/x: Failed to open file \u201C/run/x\u201D: Permission denied";
    expect(hostRefusals([KERNEL, { text: own }])).toBe(1);
  });

  it("is the guest's where the start is older than the journal, and the host's where its beginning is merely not said", () => {
    expect(hostRefusals([{ text: REFUSED }], true)).toBe(0);
    expect(hostRefusals([{ text: REFUSED }], false)).toBe(1);
  });
});
