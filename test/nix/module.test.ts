import { readdirSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { evaluateModule, filesOf, type NixosConfiguration } from "../support/nixos-module.ts";
import { requireTools } from "../support/requirements.ts";
import { REPOSITORY } from "../support/run-node.ts";

const hasNix = requireTools("nix-instantiate");

const evaluated = async (
  settings: string,
  systemdVersion?: string,
): Promise<NixosConfiguration> => {
  const configuration = await evaluateModule(
    settings,
    systemdVersion === undefined ? {} : { systemdVersion },
  );
  if (typeof configuration === "string") throw new Error(configuration);
  return configuration;
};

const ON_FAILURE = "services.mvdoctor.onFailure.enable = true;";

describe.skipIf(!hasNix)("the NixOS module", () => {
  it("changes nothing where nothing is asked for", async () => {
    expect(await evaluated("{ }")).toEqual({});
  });

  it("installs the program, and writes the configuration that it reads", async () => {
    const { environment } = await evaluated(`{
      programs.mvdoctor.enable = true;
      programs.mvdoctor.settings.suppress = [ { rule = "access/*"; reason = "Known."; until = "2026-12-31"; } ];
    }`);
    expect(environment?.systemPackages).toHaveLength(1);
    expect(JSON.parse(environment?.etc?.["mvdoctor/config.json"]?.text ?? "")).toEqual({
      suppress: [{ rule: "access/*", reason: "Known.", until: "2026-12-31" }],
    });
  });

  it("gives the unit that reads secrets' modes one capability, one directory to write to and no network", async () => {
    const { systemd } = await evaluated(`{ ${ON_FAILURE} }`);
    expect(systemd?.services["mvdoctor-failure@"]?.serviceConfig).toMatchObject({
      Type: "oneshot",
      User: "mvdoctor",
      SupplementaryGroups: ["systemd-journal"],
      AmbientCapabilities: "CAP_DAC_READ_SEARCH",
      CapabilityBoundingSet: "CAP_DAC_READ_SEARCH",
      NoNewPrivileges: true,
      ProtectSystem: "strict",
      StateDirectory: "mvdoctor",
      StateDirectoryMode: "0700",
      PrivateNetwork: true,
      RestrictAddressFamilies: "AF_UNIX",
      RestrictNamespaces: true,
      SystemCallFilter: ["@system-service"],
    });
    for (const unit of Object.values(systemd?.services ?? {})) {
      expect(unit.serviceConfig).not.toHaveProperty("ReadWritePaths");
      // What these hide would look as if it were missing on the host.
      expect(unit.serviceConfig).not.toHaveProperty("PrivateTmp");
      expect(unit.serviceConfig?.["ProtectHome"]).toBe("read-only");
    }
  });

  it("limits the unit to its interval even where the program itself fails", async () => {
    const { systemd } = await evaluated(
      "{ services.mvdoctor.onFailure = { enable = true; interval = 60; }; }",
    );
    expect(systemd?.services["mvdoctor-failure@"]).toMatchObject({
      startLimitIntervalSec: 60,
      startLimitBurst: 3,
    });
    expect(systemd?.timers["mvdoctor-pause@"]?.timerConfig?.["OnActiveSec"]).toBe("60s");
  });

  it("hooks into every VM by a drop-in, and into its stop only where OnFailure= is silent in a loop", async () => {
    const path = "/run/systemd/system/microvm@.service.d/mvdoctor.conf";
    const onFailure = "OnFailure=mvdoctor-failure@%i.service\n";
    const now = filesOf(await evaluated(`{ ${ON_FAILURE} }`, "254"));
    expect(now.get(path)).toBe(`[Unit]\n${onFailure}`);
    const then = filesOf(await evaluated(`{ ${ON_FAILURE} }`, "253.6"));
    expect(then.get(path)).toMatch(/\n\[Service\]\nExecStopPost=-\+\/\S+ %i\n$/u);
  });

  it.for([
    ["services.mvdoctor.onFailure.keep = 0;", "keep is no positive integer"],
    ["services.mvdoctor.onFailure.every = 1;", "no option services.mvdoctor.onFailure.every"],
    ["programs.mvdoctor.settings = [ ];", "settings is no set"],
  ] as const)("refuses %s", async ([settings, message]) => {
    expect(await evaluateModule(`{ ${ON_FAILURE} ${settings} }`)).toContain(message);
  });
});

describe.skipIf(!hasNix)("the files in the language of Nix", () => {
  const files = ["flake.nix", ...readdirSync(join(REPOSITORY, "nix")).map((name) => `nix/${name}`)];

  it.for(files.filter((file) => file.endsWith(".nix")))("%s can be read by Nix", async (file) => {
    await execa("nix-instantiate", ["--parse", join(REPOSITORY, file)]);
  });
});
