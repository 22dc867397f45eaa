# A module system with what nix/module.nix uses of nixpkgs, for machines without nixpkgs: types are checked, definitions merged
# by name. A script stands as <<script NAME, its text, script>> where its path would be.
{
  settings,
  systemdVersion ? "257",
}:
let
  isOption = value: value ? isOption;

  type = name: check: { inherit name check; };

  lib = {
    mkOption = option: option // { isOption = true; };
    mkEnableOption =
      description:
      lib.mkOption {
        type = types.bool;
        default = false;
        inherit description;
      };
    mkIf = condition: content: {
      definitions = if condition then definitionsOf content else [ ];
    };
    mkMerge = contents: { definitions = builtins.concatMap definitionsOf contents; };
    literalExpression = text: text;
    makeBinPath = packages: builtins.concatStringsSep ":" (map (package: "${package}/bin") packages);
    optionalString = condition: text: if condition then text else "";
    versionOlder = version: other: builtins.compareVersions version other < 0;
    inherit types;
  };

  types = {
    bool = type "boolean" builtins.isBool;
    str = type "string" builtins.isString;
    package = type "package" (value: value ? outPath);
    anything = type "anything" (_: true);
    attrsOf = _: type "set" builtins.isAttrs;
    ints.unsigned = type "unsigned integer" (value: builtins.isInt value && value >= 0);
    ints.positive = type "positive integer" (value: builtins.isInt value && value > 0);
  };

  definitionsOf = content: content.definitions or [ content ];

  merge =
    a: b:
    a
    // builtins.mapAttrs (
      name: value:
      if !(a ? ${name}) then
        value
      else if builtins.isAttrs value && builtins.isAttrs a.${name} then
        merge a.${name} value
      else if builtins.isList value then
        a.${name} ++ value
      else
        throw "${name} is defined twice"
    ) b;

  valuesOf =
    path: options: given:
    let
      unknown = builtins.filter (name: !(options ? ${name})) (builtins.attrNames given);
    in
    if unknown != [ ] then
      throw "there is no option ${path}${builtins.head unknown}"
    else
      builtins.mapAttrs (
        name: option:
        if !isOption option then
          valuesOf "${path}${name}." option (given.${name} or { })
        else
          let
            value = given.${name} or option.default;
          in
          if option.type.check value then value else throw "${path}${name} is no ${option.type.name}"
      ) options;

  package = name: {
    outPath = "/run/package/${name}";
    version = systemdVersion;
  };

  pkgs = {
    callPackage = _: _: package "mvdoctor";
    writeShellScript = name: text: "<<script ${name}\n${text}\nscript>>";
    writeTextDir = path: text: { inherit path text; };
    coreutils = package "coreutils";
    findutils = package "findutils";
    acl = package "acl";
    util-linux = package "util-linux";
  };

  module = import ../../nix/module.nix {
    inherit lib pkgs;
    config = valuesOf "" module.options settings // {
      systemd.package = package "systemd";
      nix.package = package "nix";
    };
  };
in
builtins.foldl' merge { } (definitionsOf module.config)
