import type { RuleOutcome } from "../diagnosis/finding.ts";

/** A piece of evidence or a fact by the name under which rules ask for it. */
export type KnowledgeName = Extract<RuleOutcome, { status: "skipped" }>["missing"][number];

const NAMES: Readonly<Record<KnowledgeName, string>> = {
  vm: "the name of the VM",
  history: "the VM's starts in the journal",
  secrets: "what shows which secrets the VM wants",
  identity: "the users and groups of the host",
  hostJournal: "the journal of the host",
  vmJournal: "the journal of the VM",
  state: "the VM's state directory",
  runners: "the runner script",
  unit: "the VM's unit",
  secretFiles: "the files of the secrets and the directories on the way to them",
  store: "the Nix store",
  generations: "the generations of the system",
  platform: "versions and devices of the host",
  kernelLog: "the kernel's part of the journal",
  installation: "the installers of secrets and what they left",
  otherUnits: "other units that the VM or its secrets need",
  credentialStore: "the credential directories of systemd",
  guestSystem: "the guest's system on the host",
  shares: "the directories that the guest is shown",
  registrations: "when store paths were registered",
  sourceCopies: "the copies of microvm.nix in the store",
  configurationRepository: "the configuration repository",
  runnerNeeds: "what the runner needs of the host",
};

/** What a rule needs, in words. */
export const nameOf = (key: KnowledgeName): string => NAMES[key];
