import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TextKind } from "../../src/host/credential-strings.ts";
import { mask } from "../../src/host/redaction.ts";

/** What no rule needs: a word that is no path, number, switch or expansion. */
const value = fc
  .string({ unit: fc.constantFrom(..."kqwxz27KQ+/=-_.:@".split("")), minLength: 6, maxLength: 24 })
  .map((text) => `Q${text}Z9`);
const anyName = fc
  .string({ unit: fc.constantFrom(..."abgmst_019".split("")), maxLength: 8 })
  .map((text) => `v${text}`);
const upperName = anyName.map((name) => `${name.toUpperCase()}X`);

type Form = readonly [kind: TextKind, write: (name: string, value: string) => string];

const WHATEVER_THE_NAME: readonly Form[] = [
  ["file", (n, v) => `[Service]\nEnvironment=${n}=${v}\n`],
  ["file", (n, v) => `[Service]\nEnvironment="${n}=${v} and more" OTHER=1\n`],
  ["file", (n, v) => `[Service]\nEnvironment=A=1 \\\n  ${n}=${v}\n`],
  ["file", (n, v) => `#!/bin/sh\n${n}=${v}\nexec run\n`],
  ["file", (n, v) => `#!/bin/sh\n  local ${n}='${v} and\n${v}'\n`],
  ["file", (n, v) => `#!/bin/sh\nexport ${n}="${v}"; run\n`],
  ["file", (n, v) => `#!/bin/sh\nexec env -i A=1 ${n}=${v} /bin/run\n`],
  ["file", (n, v) => `#!/bin/sh\n${n}=(/etc/a "${v}" -x $y)\n`],
  ["line", (n, v) => `+ export ${n}=${v}`],
  ["line", (n, v) => `declare -x ${n}="${v}"`],
  ["line", (n, v) => `executing: /usr/bin/env ${n}=${v} run`],
  ["line", (n, v) => `Environment=${n}=${v}`],
];
const IN_CAPITALS: readonly Form[] = [
  ["line", (n, v) => `+ ${n}=${v}`],
  ["line", (n, v) => `\u001B[1m${n}=${v}`],
  ["line", (n, v) => `docker run --env=${n}=${v} -e=${n}=${v} -e:${n}=${v}`],
  ["line", (n, v) => `starting with ${n}=${v}, ok`],
  ["line", (n, v) => `env: ["A=1", "${n}=${v} x"]`],
  ["line", (n, v) => `alice : TTY=pts/0 ; PWD=/ ; USER=root ; ENV=${n}=${v} ; COMMAND=/bin/ls`],
  ["line", (n, v) => `root : PWD=/ ; USER=root ; COMMAND=/usr/bin/env ${n}=${v} run`],
  ["file", (n, v) => `ExecStart=/bin/sh -c '${n}=${v} run'`],
  ["file", (n, v) => `{"env": ["${n}=${v}"]}`],
  ["file", (n, v) => `${n}="${v}`],
];

const allHidden = (forms: readonly Form[], name: fc.Arbitrary<string>): void => {
  fc.assert(
    fc.property(fc.constantFrom(...forms), name, value, ([kind, write], called, secret) => {
      const masked = mask(write(called, secret), kind);
      expect(masked).not.toContain(secret);
      expect(masked).toContain("<masked, ");
      expect(mask(masked, kind)).toBe(masked);
    }),
    { numRuns: 3000 },
  );
};

describe("the value of an assignment", () => {
  it("is masked whatever the name, where every assignment is one of the environment", () => {
    allHidden(WHATEVER_THE_NAME, anyName);
  });

  it("is masked wherever it stands, where the name is in capitals", () => {
    allHidden(IN_CAPITALS, upperName);
  });

  it("keeps its length and its quotes", () => {
    expect(mask("Environment=\"HUE=a blue one\" 'SIZE=4' B=cd", "file")).toBe(
      "Environment=\"HUE=<masked, 10 bytes>\" 'SIZE=4' B=<masked, 2 bytes>",
    );
  });

  it.each([
    ["line", "alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/systemctl restart a"],
    ["line", "INVOCATION_ID=0123456789abcdef0123456789abcdef LANG=C.UTF-8 PATH=/bin:/usr/bin"],
    ["line", "TIMEOUT=90s RETRIES=5 DEBUG=yes FILE=/run/x/y HOOK=$(cat /run/secrets/a)"],
    ["line", "dmi: checked A==B, a != b"],
    ["line", 'apparmor="DENIED" operation="open" profile="virtiofsd" name="/run/secrets/a"'],
    ["file", "[Unit]\nDescription=MicroVM\n[Service]\nUser=microvm\nRestartSec=5s\nType=notify\n"],
    ["file", "console=ttyS0 root=fstab loglevel=4 init=/nix/store/x/init"],
    ["file", 'ID=nixos\nVERSION_ID="25.05"\nPRETTY_NAME="NixOS 25.05 (Warbler)"\n'],
    ["file", '#!/bin/sh\nVM=web\nTOKEN=$(cat "/run/secrets/$VM/token")\nruntime_args=\n'],
    ["file", '#!/bin/sh\nS="io.systemd.credential:A=$A"\nS=$S,io.systemd.credential:B=$B\n'],
    ["file", '#!/bin/sh\nIDS=(); test -r /etc/a && IDS+=(-i /etc/a)\nall=($x "$(y)" -- 3)\n'],
    ["file", "exec chv --fs tag=store,socket=store.sock --net tap=vm-a,mac=02:00:00:00:00:01"],
    ["file", "#!/bin/sh\nexec qemu -M 'microvm,accel=kvm:tcg' -device virtio-rng-pci,bus=pci.0"],
  ] as const)("stays where it says where, how long or whether (%s: %s)", (kind, text) => {
    expect(mask(text, kind)).toBe(text);
  });
});

describe("the words of a command that sudo logged", () => {
  const logged = (command: string): string =>
    `alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=${command}`;

  it("are masked, unless they are paths, options or numbers", () => {
    expect(mask(logged("/bin/vpn login hunter2 --port 443 -f /etc/vpn.conf"))).toBe(
      logged("/bin/vpn <masked, 5 bytes> <masked, 7 bytes> --port 443 -f /etc/vpn.conf"),
    );
    expect(mask(logged("/bin/sh -c 'echo hunter2 | passwd --stdin web'"))).not.toContain("hunter2");
  });

  it.each([
    "/run/current-system/sw/bin/systemctl restart microvm@web.service",
    "/run/current-system/sw/bin/nixos-rebuild switch --flake .#web",
    "/run/current-system/sw/bin/ln -sfn /nix/store/x current",
  ])("stay where they are names: %s", (command) => {
    expect(mask(logged(command))).toBe(logged(command));
  });

  it("are masked where they hold a value all the same", () => {
    expect(mask(logged("/bin/nix build --option access-tokens github.com=hunter2"))).not.toContain(
      "hunter2",
    );
  });

  it("change no more once they are masked", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom("a1b", "-x", "/etc/a", "7", "'q w'", "A=b", "p=q", "<masked,", '"'),
        ),
        (words) => {
          const once = mask(logged(`/bin/tool ${words.join(" ")}`));
          expect(mask(once)).toBe(once);
        },
      ),
      { numRuns: 500 },
    );
  });
});
