import { describe, expect, it } from "vitest";
import { directoryOfReference } from "../../src/host/flake-reference.ts";

describe("the directory of a flake reference", () => {
  it.each([
    ["/etc/nixos", "/etc/nixos"],
    [".", "."],
    [".#demo", "."],
    ["./hosts/a#nixosConfigurations.a", "./hosts/a"],
    ["path:/etc/nixos", "/etc/nixos"],
    ["path:./here", "./here"],
    ["path:///etc/nixos?narHash=sha256-x", "/etc/nixos"],
    ["git+file:///srv/config?ref=main#demo", "/srv/config"],
    ["git+file:/srv/config", "/srv/config"],
    ["git+file:///srv/my%20config?dir=hosts/a&rev=1", "/srv/my config/hosts/a"],
    ["/srv/config?dir=hosts", "/srv/config/hosts"],
  ])("of %s is %s", (reference, directory) => {
    expect(directoryOfReference(reference)).toBe(directory);
  });

  it.each([
    "github:microvm-nix/microvm.nix",
    "git+https://git.example.org/a",
    "git+ssh://git@git.example.org/a",
    "git+file://host/srv/config",
    "https://example.org/a.tar.gz",
    "flake:nixpkgs",
    "#demo",
    "",
    "path:%",
  ])("is none for %j", (reference) => {
    expect(directoryOfReference(reference)).toBeUndefined();
  });
});
