import type { SourceName } from "../../src/evidence/coverage.ts";

/** Questions of one kind, and the sources of which one has to be named where the answer is lost. */
export interface QuestionKind {
  readonly name: string;
  readonly asks: RegExp;
  readonly sources: readonly SourceName[];
}

/** The first that fits counts. A path is asked by several collectors; each of them may name it. */
export const QUESTION_KINDS: readonly QuestionKind[] = [
  { name: "the boots", asks: /^journalctl --list-boots/u, sources: ["journal"] },
  { name: "the headers of files", asks: /^journalctl --header/u, sources: ["journal"] },
  { name: "damage", asks: /^journalctl --verify/u, sources: ["journal"] },
  { name: "names of units", asks: /^journalctl --field=/u, sources: ["state-directory"] },
  { name: "systemd's words", asks: /^journalctl .*--grep=/u, sources: ["host"] },
  { name: "the kernel's words", asks: /^journalctl .*_TRANSPORT=audit/u, sources: ["kernel-log"] },
  { name: "the VM's entries", asks: /^journalctl .*UNIT=microvm@/u, sources: ["journal"] },
  { name: "nameless entries", asks: /^journalctl .*INVOCATION/u, sources: ["journal"] },
  {
    name: "the host's entries and the installers'",
    asks: /^journalctl .*UNIT=sops-install-secrets/u,
    sources: ["journal", "secret-installation"],
  },
  { name: "the oldest entry", asks: /^journalctl .*--since=@0\.0+$/u, sources: ["journal"] },
  { name: "silences", asks: /^journalctl .*--(?:since|until)=@[\d.]+$/u, sources: ["journal"] },
  { name: "entries of other units", asks: /^journalctl .*UNIT=/u, sources: ["other-units"] },
  { name: "what is valid", asks: /^nix-store --check-validity/u, sources: ["nix-store"] },
  { name: "what needs it", asks: /^nix-store --query/u, sources: ["nix-store"] },
  { name: "registrations", asks: /^nix-store --dump-db/u, sources: ["nix-store"] },
  { name: "times of registration", asks: /^nix path-info/u, sources: ["nix-store"] },
  { name: "ACLs", asks: /^getfacl/u, sources: ["secret-files"] },
  { name: "systemd's answer", asks: /^systemctl/u, sources: ["unit"] },

  { name: "accounts", asks: /^\/etc\/(?:passwd|group)$/u, sources: ["host"] },
  {
    name: "names",
    asks: /^\/etc\/(?:hostname|machine-id|localtime|timezone)$/u,
    sources: ["host"],
  },
  { name: "devices", asks: /^\/dev(?:\/|$)/u, sources: ["host"] },
  {
    name: "unit files of the VM",
    asks: /\/systemd\/(?:system(?:\.control)?|transient|generator(?:\.\w+)?)\/(?:microvm(?:-virtiofsd)?@|service\.d)/u,
    sources: ["unit", "other-units", "generations"],
  },
  {
    name: "the installer of the VM",
    asks: /^\/etc\/systemd\/system\/install-microvm-/u,
    sources: ["state-directory", "other-units"],
  },
  {
    name: "other unit files",
    asks: /\/systemd\/(?:system|generator)/u,
    sources: ["other-units", "secret-installation", "guest-system", "generations"],
  },
  {
    name: "the state directory",
    asks: /^\/var\/lib\/microvms/u,
    sources: ["state-directory", "runner", "shares", "guest-system"],
  },
  {
    name: "stores of credentials",
    asks: /credstore|^\/run\/credentials|^\/var\/lib\/systemd/u,
    sources: ["credential-store", "secret-files"],
  },
  { name: "the kernel's settings", asks: /^\/proc\//u, sources: ["secret-files"] },
  {
    name: "secrets",
    asks: /^\/run\/(?:secrets|agenix)|^\/var\/lib\/(?:vm-secrets|sops-nix)|^\/etc\/ssh/u,
    sources: ["secret-files", "secret-installation", "shares"],
  },
  {
    name: "profiles and roots",
    asks: /^\/nix\/var|^\/run\/(?:current|booted)-system$/u,
    sources: ["generations", "nix-store"],
  },
  { name: "the list of the store", asks: /^\/nix\/store$/u, sources: ["nix-store"] },
  {
    name: "the running system",
    asks: /^\/run\/(?:current-system|systemd)\//u,
    sources: ["secret-installation", "generations", "host"],
  },
  {
    name: "files of the store",
    asks: /^\/nix\/store\//u,
    sources: [
      "runner",
      "nix-store",
      "guest-system",
      "generations",
      "host",
      "secret-installation",
      "shares",
      "state-directory",
      "other-units",
    ],
  },
  {
    name: "directories on the way",
    asks: /^\//u,
    sources: [
      "state-directory",
      "secret-files",
      "runner",
      "nix-store",
      "generations",
      "shares",
      "other-units",
    ],
  },
];

/**
 * Sources without which a VM can be called healthy: the contract names the journal and the state directory as required, and any other
 * that is missing as a named gap. What starts the VM, and the secrets' own files, count as required where they are there and could not
 * be read (`NEEDED` in src/diagnosis/loss-gaps.ts); these do not, since what they hold explains a fault and is none.
 */
export const OPTIONAL: ReadonlySet<string> = new Set<SourceName>([
  "host",
  "nix-store",
  "generations",
  "secret-installation",
  "credential-store",
  "guest-system",
  "kernel-log",
  "other-units",
]);
