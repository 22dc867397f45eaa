{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    mkEnableOption
    mkIf
    mkMerge
    mkOption
    types
    ;
  program = config.programs.mvdoctor;
  cfg = config.services.mvdoctor.onFailure;
  systemd = config.systemd.package;

  script =
    name: file:
    pkgs.writeShellScript name ''
      PATH=${
        lib.makeBinPath [
          pkgs.coreutils
          pkgs.findutils
          systemd
        ]
      }''${PATH:+:$PATH}
      ${builtins.readFile file}'';

  # Before 254, OnFailure= is silent as long as Restart= tries again: systemd.unit(5), and issue 33710 of systemd.
  isSilentWhileRestarting = lib.versionOlder systemd.version "254";

  # A drop-in beside those of microvm.nix, which leaves its definitions alone and every VM in place: declared or not.
  dropIn = pkgs.writeTextDir "lib/systemd/system/microvm@.service.d/mvdoctor.conf" (
    ''
      [Unit]
      OnFailure=mvdoctor-failure@%i.service
    ''
    + lib.optionalString isSilentWhileRestarting ''

      [Service]
      ExecStopPost=-+${script "mvdoctor-start-report" ./on-failure/start-report.sh} %i
    ''
  );

  sandbox = {
    CapabilityBoundingSet = "CAP_DAC_READ_SEARCH";
    NoNewPrivileges = true;
    ProtectSystem = "strict";
    # Not hidden, only not to be written: a secret below /home or /tmp must not look as if it were gone.
    ProtectHome = "read-only";
    # systemd 252 leaves /run writable here, for whom its modes let.
    ReadOnlyPaths = [ "/run" ];
    DevicePolicy = "closed";
    ProtectClock = true;
    ProtectControlGroups = true;
    ProtectHostname = true;
    ProtectKernelLogs = true;
    ProtectKernelModules = true;
    ProtectKernelTunables = true;
    PrivateNetwork = true;
    RestrictAddressFamilies = "AF_UNIX";
    # The Nix daemon is asked for the store. Where there is none, a namespace would not help a user who is not root: a gap says so.
    RestrictNamespaces = true;
    RestrictRealtime = true;
    RestrictSUIDSGID = true;
    LockPersonality = true;
    KeyringMode = "private";
    RemoveIPC = true;
    SystemCallArchitectures = "native";
    SystemCallErrorNumber = "EPERM";
    SystemCallFilter = [ "@system-service" ];
    UMask = "0077";
  };
in
{
  options = {
    programs.mvdoctor = {
      enable = mkEnableOption "mvdoctor, which tells why secrets do not reach a microVM";

      package = mkOption {
        type = types.package;
        default = pkgs.callPackage ./package.nix { };
        defaultText = lib.literalExpression "pkgs.callPackage ./package.nix { }";
        description = "The mvdoctor to install and to run.";
      };

      settings = mkOption {
        type = types.attrsOf types.anything;
        default = { };
        example = {
          suppress = [
            {
              rule = "access/file-mode";
              vm = "test-vm";
              reason = "The new owner comes with the next release.";
              until = "2026-12-31";
            }
          ];
        };
        description = "What `/etc/mvdoctor/config.json` holds, see {manpage}`mvdoctor-config(5)`.";
      };
    };

    services.mvdoctor.onFailure = {
      enable = mkEnableOption "a bundle and a report of each microVM that fails, in `/var/lib/mvdoctor`";

      interval = mkOption {
        type = types.ints.positive;
        default = 900;
        description = ''
          Seconds between two reports on one VM. What fails in between is counted, said in the journal, and gets one report at
          the end.
        '';
      };

      settle = mkOption {
        type = types.ints.unsigned;
        default = 10;
        description = "Seconds between a failure and its report, so that all lines about it are in the journal.";
      };

      keep = mkOption {
        type = types.ints.positive;
        default = 20;
        description = "How many reports and bundles of each VM are kept.";
      };
    };
  };

  config = mkMerge [
    (mkIf program.enable {
      environment.systemPackages = [ program.package ];
    })

    (mkIf (program.settings != { }) {
      environment.etc."mvdoctor/config.json".text = builtins.toJSON program.settings;
    })

    (mkIf cfg.enable {
      users.users.mvdoctor = {
        isSystemUser = true;
        group = "mvdoctor";
        description = "Reads what failed microVMs left";
      };
      users.groups.mvdoctor = { };

      systemd.packages = [ dropIn ];

      systemd.services."mvdoctor-failure@" = {
        description = "Bundle and report of microVM %i, which failed";
        documentation = [ "man:mvdoctor(1)" ];
        # It stays active until the pause is over; until then OnFailure= finds nothing to start.
        wants = [ "mvdoctor-pause@%i.timer" ];
        # For where mvdoctor itself fails, which leaves nothing active.
        startLimitIntervalSec = cfg.interval;
        startLimitBurst = 3;
        # A new version is no reason for a new report.
        restartIfChanged = false;
        path = [
          program.package
          pkgs.acl
          pkgs.util-linux
          config.nix.package
          systemd
        ];
        environment = {
          INTERVAL = toString cfg.interval;
          KEEP = toString cfg.keep;
          SETTLE = toString cfg.settle;
        };
        serviceConfig = sandbox // {
          Type = "oneshot";
          RemainAfterExit = true;
          ExecStart = "${script "mvdoctor-write-report" ./on-failure/write-report.sh} %i";
          User = "mvdoctor";
          Group = "mvdoctor";
          SupplementaryGroups = [ "systemd-journal" ];
          # To see the owners and modes of secrets. It would do to read them: that mvdoctor opens none is its own law.
          AmbientCapabilities = "CAP_DAC_READ_SEARCH";
          StateDirectory = "mvdoctor";
          StateDirectoryMode = "0700";
          TimeoutStartSec = "10min";
          # The VM comes first.
          Nice = 19;
          IOSchedulingClass = "idle";
          MemoryMax = "1G";
          TasksMax = 128;
        };
      };

      systemd.timers."mvdoctor-pause@" = {
        description = "Pause between two reports on microVM %i";
        timerConfig = {
          OnActiveSec = "${toString cfg.interval}s";
          AccuracySec = "1s";
          RemainAfterElapse = false;
        };
      };

      systemd.services."mvdoctor-pause@" = {
        description = "Count what microVM %i failed since its last report";
        restartIfChanged = false;
        # No StateDirectory= here: it would give the reports to root.
        environment.STATE_DIRECTORY = "/var/lib/mvdoctor";
        serviceConfig = sandbox // {
          # As root, which may stop and start the unit above. It reads the journal and the time of one file.
          Type = "oneshot";
          ExecStart = "${script "mvdoctor-count-failures" ./on-failure/count-failures.sh} %i";
        };
      };
    })
  ];
}
