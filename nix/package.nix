{
  lib,
  buildNpmPackage,
  importNpmLock,
  installShellFiles,
  makeWrapper,
  nodejs_24,
  acl,
  util-linux,
}:
let
  manifest = lib.importJSON ../package.json;
  sources = lib.fileset.unions [
    ../package.json
    ../package-lock.json
    ../rolldown.config.ts
    ../commands
    ../src
    ../docs/man
  ];
in
buildNpmPackage {
  pname = manifest.name;
  inherit (manifest) version;

  src = lib.fileset.toSource {
    root = ../.;
    fileset = sources;
  };

  nodejs = nodejs_24;
  # Each package has its hash in the lock file, so that there is none here to keep up.
  npmDeps = importNpmLock { npmRoot = ../.; };
  npmConfigHook = importNpmLock.npmConfigHook;
  # The only install script is that of the package `node`, which would fetch another Node.
  npmFlags = [ "--ignore-scripts" ];
  npmRebuildFlags = [ "--ignore-scripts" ];

  nativeBuildInputs = [
    installShellFiles
    makeWrapper
  ];

  # What `npm run build` does, by the Node of nixpkgs: `npm run` would take that of the package `node`.
  buildPhase = ''
    runHook preBuild
    node node_modules/rolldown/bin/cli.mjs -c
    node src/dev/build-manifest.ts
    runHook postBuild
  '';

  # dist/ stands alone. What it calls of the host (journalctl, systemctl, nix) has to fit the host and comes from there;
  # getfacl and unshare are only a fallback.
  installPhase = ''
    runHook preInstall
    mkdir -p $out/lib $out/bin
    cp -r dist $out/lib/mvdoctor
    makeWrapper ${lib.getExe nodejs_24} $out/bin/mvdoctor \
      --add-flags $out/lib/mvdoctor/bin.js \
      --suffix PATH : ${
        lib.makeBinPath [
          acl
          util-linux
        ]
      }
    installManPage docs/man/*
    for shell in bash fish zsh; do
      $out/bin/mvdoctor completion $shell > mvdoctor.$shell
    done
    installShellCompletion --cmd mvdoctor \
      --bash mvdoctor.bash --fish mvdoctor.fish --zsh mvdoctor.zsh
    runHook postInstall
  '';

  doInstallCheck = true;
  installCheckPhase = ''
    $out/bin/mvdoctor --version | grep -F ${manifest.version}
  '';

  meta = {
    inherit (manifest) description;
    license = lib.licenses.mit;
    mainProgram = "mvdoctor";
    platforms = lib.platforms.linux;
  };
}
