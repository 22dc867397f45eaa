import { describe, expect, it, test } from "vitest";
import { clipped, page } from "../../src/report/page.ts";
import { storeNames } from "../../src/report/text/store-names.ts";
import { ways } from "../../src/report/text/ways.ts";

describe("a line that has to fit", () => {
  test.for<[string, number, string]>([
    ["Start the VM", 12, "Start the VM"],
    ["Start the VM", 11, "Start..."],
    ["Hand the credentials to QEMU, by file", 32, "Hand the credentials to QEMU..."],
    ["/run/secrets/vars/test-vm-secrets/api-key", 20, "/run/secrets/vars..."],
  ])("%s in %i columns is %s", ([text, room, expected]) => {
    expect(clipped(text, room)).toBe(expected);
    expect(clipped(text, room).length).toBeLessThanOrEqual(room);
  });

  it("never ends with half of a character", () => {
    expect(clipped("\u{1F511}\u{1F511}\u{1F511}\u{1F511}", 6)).toBe("\u{1F511}...");
  });
});

describe("the way of a secret", () => {
  const told = (width: number, unicode: boolean): readonly string[] => {
    const out = page({ width, colour: false, unicode });
    ways(out, [
      {
        secret: "api-key",
        stages: {
          source: "ok",
          access: "broken",
          credentials: "not-configured",
          runner: "broken",
          hypervisor: "not-reached",
          guest: "unknown",
        },
      },
    ]);
    return out.text().trimEnd().split("\n").slice(2);
  };

  it("has its first broken stage in capitals, and later ones not", () => {
    expect(told(80, false)).toEqual([
      "  secret  source   access   credentials runner   hypervisor guest",
      "  api-key ok       BROKEN   not used    broken   -          unknown",
    ]);
  });

  it("has an arrow only to a stage that is reached from one that holds", () => {
    expect(told(80, true)[1]).toBe(
      "  api-key ok ─────▶ BROKEN    not used     broken    -           unknown",
    );
  });

  it("is a sentence where a table has no room", () => {
    expect(told(60, false).join(" ")).toBe(
      "  api-key: source ok, access BROKEN, credentials not used,     runner broken, guest unknown",
    );
  });
});

describe("store paths in prose", () => {
  const HASH = "g5zlavw0xzir9646zb0818bqivygkqrl";

  it("are short, still found by a shell, and given in full once", () => {
    const names = storeNames();
    expect(names.short(`/nix/store/${HASH}-runner/bin/run and /nix/store/${HASH}-runner.`)).toBe(
      "/nix/store/g5zlavw0*-runner/bin/run and /nix/store/g5zlavw0*-runner.",
    );
    expect(names.shortened()).toEqual([`/nix/store/${HASH}-runner`]);
  });

  it("are left alone where they are none", () => {
    const names = storeNames();
    expect(names.short("/nix/store/short-name and /nix/store/*-source")).toBe(
      "/nix/store/short-name and /nix/store/*-source",
    );
    expect(names.shortened()).toEqual([]);
  });
});
