# nix/package.nix with what it uses of nixpkgs: what would become a derivation, and the source files as paths.
let
  lib = {
    importJSON = path: builtins.fromJSON (builtins.readFile path);
    fileset = {
      unions = paths: map toString paths;
      toSource = { root, fileset }: fileset;
    };
    getExe = package: "${package}/bin/node";
    makeBinPath = packages: builtins.concatStringsSep ":" (map (package: "${package}/bin") packages);
    licenses.mit = "MIT";
    platforms.linux = [ "x86_64-linux" ];
  };
  importNpmLock = {
    __functor = _: { npmRoot }: { lockFile = toString (npmRoot + "/package-lock.json"); };
    npmConfigHook = "npm-config-hook";
  };
in
import ../../nix/package.nix {
  inherit lib importNpmLock;
  buildNpmPackage = attributes: attributes;
  installShellFiles = "install-shell-files";
  makeWrapper = "make-wrapper";
  nodejs_24 = "@nodejs@";
  acl = "/package/acl";
  util-linux = "/package/util-linux";
}
