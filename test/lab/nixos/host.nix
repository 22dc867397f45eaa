# A host of NixOS as far as microVMs and their secrets go, built for real and from nothing but what the image has.
# `description` is a file of JSON: see HostDescription in description.ts.
{ description }:
let
  host = builtins.fromJSON (builtins.readFile description);

  # Nix kills a builder that has closed its output, as the last command of a script does before it ends: bash ends last.
  build = name: environment: command:
    derivation (environment // {
      inherit name;
      system = builtins.currentSystem;
      builder = "/bin/bash";
      args = [ "-c" "export PATH=/usr/bin:/bin\nset -e\n${command}\nexit 0" ];
    });
  text = name: content: build name { inherit content; passAsFile = [ "content" ]; } ''cp "$contentPath" $out'';
  script = name: content:
    build name { inherit content; passAsFile = [ "content" ]; } ''cp "$contentPath" $out; chmod +x $out'';
  # A directory of files (text) and of links (-> target).
  tree = name: files:
    let
      paths = builtins.attrNames files;
      contents = map (path: files.${path}) paths;
    in
    build name { files = builtins.toJSON (builtins.listToAttrs (map (path: { name = path; value = files.${path}; }) paths)); passAsFile = [ "files" ]; }
      ''perl ${./make-tree.pl} "$filesPath" $out'';
  program = name: programs: build name { } ''
    mkdir -p $out/bin
    for one in ${builtins.concatStringsSep " " programs}; do cp -L "$(command -v "$one")" "$out/bin/$one"; done
  '';

  tools = rec {
    bash = program "bash-5.2p37" [ "bash" "sh" ];
    coreutils = program "coreutils-9.7" [ "cat" "chown" "head" "ln" "mkdir" "readlink" "rm" "sleep" "tr" ];
    systemd = build "systemd-${host.systemd}" { } ''
      mkdir -p $out/bin $out/lib/systemd
      ln -s /usr/bin/systemctl $out/bin/systemctl
      ln -s /usr/lib/systemd/systemd $out/lib/systemd/systemd
    '';
    linux = tree "linux-6.12.62" { bzImage = "stands for a kernel"; };
    sops = tree "sops-install-secrets-0.0.1" {
      "bin/sops-install-secrets" = "#!/usr/bin/perl\n" + builtins.readFile ./install-secrets.pl;
    };
  };
  inherit (tools) bash coreutils systemd linux sops;

  shape = import ./units.nix { inherit tree bash coreutils systemd; shape = host.shape; };

  # What a VM consists of on its host: the runner, and what installs it.
  vmOf = name: vm:
    let
      guest = tree "nixos-system-${name}-25.05.20251214.7f3c2ab" ({
        "nixos-version" = "25.05.20251214.7f3c2ab";
        init = "#!${bash}/bin/bash\n";
      } // (vm.guest or { }));
      # In place of the VMM: opens what it is told to open, as QEMU does, and then runs.
      vmm = tree "qemu-host-cpu-only-9.2.4" {
        "bin/qemu-system-x86_64" = "#!/bin/bash\n" + builtins.readFile ./vmm.sh + (vm.vmm or "exec sleep infinity") + "\n";
      };
      run = script "microvm-${name}-microvm-run" ''
        #!${bash}/bin/bash
        set -eou pipefail
        ${vm.runner or ""}
        runtime_args=

        exec -a "microvm@${name}" ${vmm}/bin/qemu-system-x86_64 -name ${name} -M 'microvm,accel=kvm:tcg,acpi=on' -m 768M -nodefaults -no-user-config -kernel ${linux}/bzImage ${vm.arguments or ""} -append 'console=ttyS0 init=${guest}/init' -nographic ''${runtime_args:-}
      '';
      shutdown = script "microvm-${name}-microvm-shutdown" "#!${bash}/bin/bash\nexit 0\n";
      helpers = builtins.mapAttrs (file: content: "-> ${script "microvm-${name}-${file}" "#!${bash}/bin/bash\n${content}"}") (vm.programs or { });
      runner = tree "microvm-qemu-${name}" ({
        "bin/microvm-run" = "-> ${run}";
        "bin/microvm-shutdown" = "-> ${shutdown}";
        "share/microvm/hypervisor" = "qemu\n";
      } // builtins.listToAttrs (map (file: { name = "bin/${file}"; value = helpers.${file}; }) (builtins.attrNames helpers))
        // (vm.shares or { }));
      overrides = tree "unit-microvm-${name}.service" {
        "microvm@${name}.service" = ''
          [Unit]
          X-Restart-Triggers=${guest}
          ${vm.dependencies or ""}
          [Service]
          X-RestartIfChanged=
          X-RestartIfChanged=${if vm.restartIfChanged or true then "true" else "false"}
          Type=${vm.type or "simple"}
          ${vm.unit or ""}
        '';
      };
      installScript = tree "unit-script-install-microvm-${name}-start" {
        "bin/install-microvm-${name}-start" = ''
          #!${bash}/bin/bash
          set -e
          mkdir -p /var/lib/microvms/${name}
          cd /var/lib/microvms/${name}

          ln -sTf ${runner} current
          chown -h microvm:kvm . current
          ln -sTf ${guest} toplevel
        '';
      };
      install = tree "unit-install-microvm-${name}.service" {
        "install-microvm-${name}.service" = ''
          [Unit]
          Before=microvm@${name}.service microvm-tap-interfaces@${name}.service microvm-virtiofsd@${name}.service microvm-set-booted@${name}.service
          ${if vm.frozen or false then "ConditionPathExists=!/var/lib/microvms/${name}" else ""}
          Description=Install MicroVM '${name}'
          PartOf=microvm@${name}.service

          [Service]
          Environment="PATH=${coreutils}/bin:${systemd}/bin"
          ExecStart=${installScript}/bin/install-microvm-${name}-start
          SyslogIdentifier=install-microvm-${name}
          Type=oneshot
        '';
      };
    in
    { inherit overrides install runner; };

  names = builtins.attrNames host.vms;
  vms = builtins.mapAttrs vmOf host.vms;
  attrs = make: builtins.foldl' (all: name: all // make name) { } names;

  units = tree "system-units" (shape.links // {
    "microvms.target" = "-> ${tree "unit-microvms.target" { "microvms.target" = "[Unit]\n"; }}/microvms.target";
    "multi-user.target.wants/microvms.target" = "-> ../microvms.target";
  } // attrs (name: {
    "install-microvm-${name}.service" = "-> ${vms.${name}.install}/install-microvm-${name}.service";
    "microvms.target.wants/install-microvm-${name}.service" = "-> ../install-microvm-${name}.service";
    ${if host.vms.${name}.shadows or false then "microvm@${name}.service" else "microvm@${name}.service.d/overrides.conf"} =
      "-> ${vms.${name}.overrides}/microvm@${name}.service";
  }));
  etc = tree "etc" {
    "etc/hostname" = "kiln\n";
    "etc/os-release" = "ID=nixos\nNAME=NixOS\nVERSION_ID=\"25.05\"\nBUILD_ID=\"25.05.${host.version}\"\n";
    "etc/systemd/system" = "-> ${units}";
  };

  secretsFile = text "secrets.yaml" "stands for what is encrypted\n";
  manifest = text "manifest.json" (builtins.toJSON {
    secrets = map (secret: {
      key = secret.name;
      owner = "root";
      group = "root";
      mode = "0400";
      path = "/run/secrets/${secret.name}";
      sopsFile = "${secretsFile}";
      format = "yaml";
      restartUnits = [ ];
    } // secret) host.secrets;
    templates = [ ];
    secretsMountPoint = "/run/secrets.d";
    symlinkPath = "/run/secrets";
    keepGenerations = 1;
    ageKeyFile = "/var/lib/sops-nix/key.txt";
    ageSshKeyPaths = [ ];
    useTmpfs = false;
    userMode = false;
  });
in
tree "nixos-system-kiln-25.05.${host.version}" {
  "nixos-version" = "25.05.${host.version}";
  init = "#!${bash}/bin/bash\nexec ${systemd}/lib/systemd/systemd\n";
  activate = ''
    #!${bash}/bin/bash
    echo "setting up /etc..."
    ln -sfT ${etc}/etc /etc/static
    echo "setting up secrets..."
    ${sops}/bin/sops-install-secrets ${manifest}
  '';
  "bin/switch-to-configuration" = "#!/bin/bash\n" + builtins.readFile ./switch.sh;
  etc = "-> ${etc}/etc";
  systemd = "-> ${systemd}";
}
