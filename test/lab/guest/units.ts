import { BASH } from "./runner.ts";

/** A helper of a VM that runs only where its runner has the program for it. */
const helper = (what: string, program: string): string => `[Unit]
Description=${what}
ConditionPathExists=/var/lib/microvms/%i/current/bin/${program}
After=microvm-set-booted@%i.service
Before=microvm@%i.service
PartOf=microvm@%i.service

[Service]
Type=oneshot
RemainAfterExit=true
ExecStart=/var/lib/microvms/%i/current/bin/${program}
`;

const HELPERS = {
  "microvm-tap-interfaces@.service": helper("Setup MicroVM '%i' TAP interfaces", "tap-up"),
  "microvm-macvtap-interfaces@.service": helper(
    "Setup MicroVM '%i' MACVTAP interfaces",
    "macvtap-up",
  ),
  "microvm-pci-devices@.service": helper("Setup MicroVM '%i' devices for passthrough", "pci-setup"),
  "microvm-virtiofsd@.service": helper("VirtioFS daemons for MicroVM '%i'", "virtiofsd-run"),
} as const;

const BEFORE = ["microvm-set-booted@.service", ...Object.keys(HELPERS)]
  .map((unit) => unit.replace("@.", "@%i."))
  .join(" ");

/** The units of a host by file name, as microvm.nix makes them (nixos-modules/host/default.nix at 71beea0). */
export const UNITS: Readonly<Record<string, string>> = {
  ...HELPERS,
  "microvm-set-booted@.service": `[Unit]
Description=Save MicroVM '%i' booted configuration
Before=microvm@%i.service
PartOf=microvm@%i.service

[Service]
Type=oneshot
RemainAfterExit=true
User=microvm
Group=kvm
WorkingDirectory=/var/lib/microvms/%i
ExecStart=${BASH} -c 'rm -f booted; ln -s $(readlink current) booted'
ExecStop=/bin/rm booted
SyslogIdentifier=microvm-set-booted@%i
`,
  "microvm@.service": `[Unit]
Description=MicroVM '%i'
ConditionPathExists=/var/lib/microvms/%i/current/bin/microvm-run
After=network.target ${BEFORE}
Requires=${BEFORE}

[Service]
Type=simple
User=microvm
Group=kvm
WorkingDirectory=/var/lib/microvms/%i
ExecStart=/var/lib/microvms/%i/current/bin/microvm-run
ExecStartPost=+${BASH} -c 'if [ -x /var/lib/microvms/%i/current/bin/microvm-register ]; then /var/lib/microvms/%i/current/bin/microvm-register $MAINPID; fi'
ExecStop=/var/lib/microvms/%i/booted/bin/microvm-shutdown
SyslogIdentifier=microvm@%i
Restart=always
RestartSec=5s
TimeoutSec=150
LimitNOFILE=1048576
LimitMEMLOCK=infinity
NotifyAccess=all
`,
};
