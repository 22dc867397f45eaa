{
  description = "Root-cause analysis for secrets that do not reach a microVM on NixOS";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      forEachSystem =
        make:
        nixpkgs.lib.genAttrs [
          "x86_64-linux"
          "aarch64-linux"
        ] (system: make nixpkgs.legacyPackages.${system});
    in
    {
      packages = forEachSystem (pkgs: {
        default = pkgs.callPackage ./nix/package.nix { };
      });

      apps = forEachSystem (pkgs: {
        default = {
          type = "app";
          program = nixpkgs.lib.getExe self.packages.${pkgs.stdenv.hostPlatform.system}.default;
        };
      });

      overlays.default = final: _: {
        mvdoctor = final.callPackage ./nix/package.nix { };
      };

      nixosModules.default = ./nix/module.nix;

      devShells = forEachSystem (pkgs: {
        default = pkgs.mkShell {
          packages = [
            pkgs.nodejs_24
            # What the tests run.
            pkgs.acl
            pkgs.fish
            pkgs.git
            pkgs.mandoc
            pkgs.strace
            pkgs.zsh
          ];
        };
      });

      checks = forEachSystem (
        pkgs:
        let
          inherit (pkgs.stdenv.hostPlatform) system;
          host = nixpkgs.lib.nixosSystem {
            modules = [
              self.nixosModules.default
              {
                nixpkgs.hostPlatform = system;
                programs.mvdoctor.enable = true;
                services.mvdoctor.onFailure.enable = true;
              }
            ];
          };
        in
        {
          package = self.packages.${system}.default;
          # The unit as NixOS writes it, which evaluates the whole module.
          module = host.config.systemd.units."mvdoctor-failure@.service".unit;
        }
      );

      formatter = forEachSystem (pkgs: pkgs.nixfmt);
    };
}
