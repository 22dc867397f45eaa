/** What every host of the kind has, and what messages are made of: no name of anybody's, and never replaced. */
const WORDS =
  "root nobody nogroup nixos nix nixbld systemd microvm microvms kvm qemu libvirt wheel users user users keys tty disk audio video " +
  "daemon messagebus sshd polkituser admin guest host localhost localdomain local lan home internal server desktop laptop " +
  "bin boot dev etc lib lib64 lost+found media mnt no-such-path nix opt persist persistent proc run sbin snap srv store sys tmp usr var " +
  "system store secret secrets credential credentials credstore agenix sops sops-nix clan vars age private keys cache data config " +
  "state current booted old toplevel flake flake.nix flake.lock default.nix configuration.nix hardware-configuration.nix git src " +
  "web vm vms service services socket target mount timer slice path unit units log journal masked bytes sudo command test main " +
  "failed failure success error warning info debug start started starting stop stopped stopping exec spawning process step status code " +
  "file directory permission denied name names key token password api database db sandbox gcroots profiles generations install " +
  "cloud-hypervisor firecracker crosvm kvmtool stratovirt alioth virtiofsd virtiofs supervisord journalctl systemctl nix-store getfacl bash sh cat";

const WELL_KNOWN: ReadonlySet<string> = new Set(WORDS.split(" "));

/** Whether a name says nothing of a certain host, or is part of the words that rules read. */
export const isWellKnown = (name: string): boolean =>
  WELL_KNOWN.has(name.toLowerCase()) || name.length < 2 || /^[\d.]+$/u.test(name);

/** The first component of paths whose names are those of programs and of NixOS, all the way down. */
export const SYSTEM_ROOTS: ReadonlySet<string> = new Set(
  "bin boot dev etc lib lib64 nix no-such-path proc run sbin sys usr var".split(" "),
);
