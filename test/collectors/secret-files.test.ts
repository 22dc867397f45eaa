import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collectInstallation } from "../../src/collectors/installation.ts";
import { collectSecretFiles } from "../../src/collectors/secret-files.ts";
import { valueOf } from "../../src/evidence/evidence.ts";
import { openHost } from "../../src/host/open-host.ts";
import { hostPath } from "../../src/vocabulary.ts";

const MADE_AT_BOOT = hostPath("/run/secrets/web/token");
const ON_DISK = hostPath("/var/lib/tokens/web");

describe("a secret that is not in the tree", () => {
  let root = "";

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "mvdoctor-run-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const ends = async () => {
    const files = valueOf(await collectSecretFiles(openHost(root), [MADE_AT_BOOT, ON_DISK]));
    return [MADE_AT_BOOT, ON_DISK].map((path) => files?.walks.get(path)?.end);
  };
  const places = async () => {
    const installation = valueOf(await collectInstallation(openHost(root), {}));
    return new Set(installation?.roots.map(({ state }) => state));
  };

  it("is missing where the system of the tree runs", async () => {
    await mkdir(join(root, "run/systemd"), { recursive: true });
    expect(await ends()).toEqual(["absent", "absent"]);
    expect(await places()).toEqual(new Set(["absent"]));
  });

  it.each([
    ["empty", "run"],
    ["not there", "etc"],
  ])("is not known to be missing from a /run that is %s", async (_, directory) => {
    await mkdir(join(root, directory));
    expect(await ends()).toEqual(["denied", "absent"]);
    expect(await places()).toEqual(new Set(["denied"]));
  });
});
