# The units of microvm.nix on its host, as they were in September 2025 (revision b9206e2) and as they are since August 2026 (71beea0).
{ tree, bash, coreutils, systemd, shape }:
let
  is2026 = shape == "2026";
  helpers = [ "microvm-tap-interfaces" "microvm-virtiofsd" ] ++ (if is2026 then [ "microvm-set-booted" ] else [ ]);
  wanted = builtins.concatStringsSep " " (map (name: "${name}@%i.service") helpers);
  state = "/var/lib/microvms/%i";

  # Before 2026-02-21 the VM's own unit kept the link of what it was started from.
  preStart = tree "unit-script-microvm_-pre-start" {
    "bin/microvm_-pre-start" = "#!${bash}/bin/bash\nset -e\nrm -f booted\nln -s $(readlink current) booted\n";
  };
  postStop = tree "unit-script-microvm_-post-stop" {
    "bin/microvm_-post-stop" = "#!${bash}/bin/bash\nset -e\nrm booted\n";
  };
  setBooted = tree "unit-script-microvm-set-booted_-start" {
    "bin/microvm-set-booted_-start" = "#!${bash}/bin/bash\nset -e\nrm -f booted\nln -s $(readlink current) booted\n";
  };
  hooks =
    if is2026 then ''
      ExecStartPost=+${bash}/bin/sh -c 'if [ -x ${state}/current/bin/microvm-register ]; then ${state}/current/bin/microvm-register $MAINPID; fi'
      ExecStopPost=+${bash}/bin/sh -c 'if [ -x ${state}/current/bin/microvm-unregister ]; then ${state}/current/bin/microvm-unregister; fi'
    '' else ''
      ExecStartPre=${preStart}/bin/microvm_-pre-start
      ExecStopPost=${postStop}/bin/microvm_-post-stop
    '';

  files = {
    microvm = ''
      [Unit]
      After=network.target ${wanted}
      ConditionPathExists=${state}/current/bin/microvm-run
      Description=MicroVM '%i'
      Requires=${wanted}

      [Service]
      Environment="PATH=${coreutils}/bin:${systemd}/bin"
      X-RestartIfChanged=false
      ExecStart=${state}/current/bin/microvm-run
      ${hooks}ExecStop=${state}/booted/bin/microvm-shutdown
      Group=kvm
      LimitMEMLOCK=infinity
      LimitNOFILE=1048576
      NotifyAccess=all
      Restart=always
      RestartSec=5s
      SyslogIdentifier=microvm@%i
      TimeoutSec=150
      Type=simple
      User=microvm
      WorkingDirectory=${state}
    '';
    microvm-set-booted = ''
      [Unit]
      Before=microvm@%i.service
      Description=Save MicroVM '%i' booted configuration
      PartOf=microvm@%i.service

      [Service]
      X-RestartIfChanged=false
      ExecStart=${setBooted}/bin/microvm-set-booted_-start
      ExecStop=${coreutils}/bin/rm booted
      Group=kvm
      RemainAfterExit=true
      SyslogIdentifier=microvm-set-booted@%i
      Type=oneshot
      User=microvm
      WorkingDirectory=${state}
    '';
    microvm-tap-interfaces = ''
      [Unit]
      After=network.target
      Before=microvm@%i.service
      ConditionPathExists=${state}/current/bin/tap-up
      Description=Setup MicroVM '%i' TAP interfaces
      PartOf=microvm@%i.service

      [Service]
      X-RestartIfChanged=false
      ExecStart=${state}/current/bin/tap-up
      ExecStop=${state}/booted/bin/tap-down
      RemainAfterExit=true
      SyslogIdentifier=microvm-tap-interfaces@%i
      Type=oneshot
    '';
    microvm-virtiofsd = ''
      [Unit]
      After=local-fs.target
      Before=microvm@%i.service
      ConditionPathExists=${state}/current/bin/virtiofsd-run
      Description=VirtioFS daemons for MicroVM '%i'
      PartOf=microvm@%i.service

      [Service]
      X-RestartIfChanged=false
      ExecStart=${state}/current/bin/virtiofsd-run
      KillMode=mixed
      LimitNOFILE=1048576
      NotifyAccess=all
      PrivateTmp=yes
      Restart=always
      RestartSec=5s
      SyslogIdentifier=microvm-virtiofsd@%i
      Type=notify
      WorkingDirectory=${state}
    '';
  };
  link = name: {
    name = "${name}@.service";
    value = "-> ${tree "unit-${name}-.service" { "${name}@.service" = files.${name}; }}/${name}@.service";
  };
in
{ links = builtins.listToAttrs (map link ([ "microvm" ] ++ helpers)); }
