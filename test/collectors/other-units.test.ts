import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collectOtherUnits } from "../../src/collectors/other-units.ts";
import { openHost } from "../../src/host/open-host.ts";
import { hostPath } from "../../src/vocabulary.ts";
import { requireTools } from "../support/requirements.ts";

const TOKEN = hostPath("/run/fetched/web-token");
const UNITS = "/etc/systemd/system";
const SCRIPT = "/nix/store/44444444444444444444444444444444-unit-script-x/bin/x-start";
const CONFIG = "/nix/store/55555555555555555555555555555555-agent.hcl";

describe.skipIf(!requireTools("journalctl"))("a unit of the host", () => {
  let root = "";

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "mvdoctor-units-"));
    await mkdir(join(root, "var/log/journal"), { recursive: true });
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text, { mode: 0o644 });
  };

  /** The units of interest where `x.service` holds these lines, and its script this text. */
  const units = async (service: string, script = "", unit = "") => {
    await write(`${UNITS}/x.service`, `[Unit]\n${unit}\n[Service]\n${service}\n`);
    await write(SCRIPT, `#!/bin/sh\n${script}\n`);
    return collectOtherUnits(
      openHost(root),
      { paths: [TOKEN], named: ["x.service"], vm: "web" },
      {},
    );
  };
  const makes = async (...text: Parameters<typeof units>) =>
    (await units(...text)).units[0]?.makes ?? [];
  const START = `ExecStart=${SCRIPT}`;

  it.each([
    ["a redirection", `curl -s https://vault.example/t > ${TOKEN}`],
    ["a redirection in quotes", `printf %s "$t" >"${TOKEN}"`],
    ["install", `install -m 0400 /tmp/t ${TOKEN}`],
    ["a move", `mv -f "$tmp" '${TOKEN}'`],
    ["tee", `fetch | tee ${TOKEN} > /dev/null`],
    ["an option for output", `age -d -i /etc/key -o ${TOKEN} /srv/t.age`],
    ["a long option for output", `vault-get --output=${TOKEN} web`],
    ["dd", `dd if=/srv/t of=${TOKEN}`],
  ])("makes what it writes by %s", async (_, script) => {
    expect(await makes(START, script)).toEqual([TOKEN]);
  });

  it("makes what lies in a directory that systemd makes for it", async () => {
    expect(await makes(`RuntimeDirectory=fetched\n${START}`, "fetch")).toEqual([TOKEN]);
  });

  it("makes what the configuration of its program names as a destination", async () => {
    await write(CONFIG, `template {\n  destination = "${TOKEN}"\n}\n`);
    expect(await makes(`ExecStart=/bin/agent -config=${CONFIG}`)).toEqual([TOKEN]);
  });

  it("makes what it names in a command and is ordered before the VM for", async () => {
    const command = `ExecStart=/bin/fetch web ${TOKEN}`;
    expect(await makes(command, "", "Before=microvm@web.service")).toEqual([TOKEN]);
    expect(await makes(command)).toEqual([]);
  });

  it.each([
    ["LoadCredential=", `LoadCredential=t:${TOKEN}\n${START}`, ""],
    ["a condition", START, "", `ConditionPathExists=${TOKEN}`],
    ["an option of a program", `ExecStart=/bin/web --token-file ${TOKEN}`, ""],
    ["cat", START, `token=$(cat ${TOKEN})`],
    ["a redirection of input", START, `login < ${TOKEN} > /tmp/log`],
    ["a test", START, `[ -s ${TOKEN} ] || exit 1`, "Before=microvm@web.service"],
    ["a copy elsewhere", START, `cp ${TOKEN} /var/lib/web/`, "Before=microvm@web.service"],
    ["a longer path", START, `echo > ${TOKEN}-2`],
  ])("does not make what it only reads by %s", async (_, ...text) => {
    expect(await makes(...(text as Parameters<typeof units>))).toEqual([]);
  });

  it("is asked for by a timer, a path or socket of its name, and by other units", async () => {
    const asked = async () => (await units(START)).units[0]?.pulledInBy;
    expect(await asked()).toEqual([]);
    await write(`${UNITS}/x.timer`, "[Timer]\nOnBootSec=1min\n");
    await write(`${UNITS}/watch.path`, "[Path]\nPathChanged=/srv\nUnit=x.service\n");
    await write(`${UNITS}/web.service`, "[Unit]\nWants=x.service\nAfter=y.service\n");
    await mkdir(join(root, UNITS, "multi-user.target.wants"));
    await symlink("../x.service", join(root, UNITS, "multi-user.target.wants/x.service"));
    expect(await asked()).toEqual(["multi-user.target", "watch.path", "web.service", "x.timer"]);
  });
});
