import { join } from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "./run-node.ts";

type Setting = string | number | boolean | readonly string[];

interface Unit {
  readonly description?: string;
  readonly wants?: readonly string[];
  readonly startLimitIntervalSec?: number;
  readonly startLimitBurst?: number;
  readonly path?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly serviceConfig?: Readonly<Record<string, Setting>>;
  readonly timerConfig?: Readonly<Record<string, Setting>>;
}

/** What nix/module.nix defines, as far as tests look at it. */
export interface NixosConfiguration {
  readonly environment?: {
    readonly systemPackages?: readonly string[];
    readonly etc?: Readonly<Record<string, { readonly text: string }>>;
  };
  readonly users?: { readonly users: Readonly<Record<string, unknown>> };
  readonly systemd?: {
    readonly packages: readonly { readonly path: string; readonly text: string }[];
    readonly services: Readonly<Record<string, Unit>>;
    readonly timers: Readonly<Record<string, Unit>>;
  };
}

/** What the module makes of settings in the language of Nix, or what it says against them. */
export const evaluateModule = async (
  settings: string,
  { systemdVersion = "257" }: { readonly systemdVersion?: string } = {},
): Promise<NixosConfiguration | string> => {
  const { exitCode, stdout, stderr } = await execa(
    "nix-instantiate",
    [
      "--eval",
      "--strict",
      "--json",
      join(REPOSITORY, "test/nix/stub.nix"),
      "--arg",
      "settings",
      settings,
      "--argstr",
      "systemdVersion",
      systemdVersion,
    ],
    { reject: false },
  );
  if (exitCode !== 0) return stderr;
  return JSON.parse(stdout) as NixosConfiguration;
};

/** Where the stub's packages are. */
export const PACKAGES = "/run/package";
const SCRIPTS = "/run/scripts";

/** The files by path that such a configuration puts on a host: units, drop-ins and the scripts that they run. */
export const filesOf = ({ systemd }: NixosConfiguration): ReadonlyMap<string, string> => {
  if (systemd === undefined) return new Map();
  const scripts = new Map<string, string>();
  const withPaths = (text: string): string =>
    text.replaceAll(
      /<<script (?<name>\S+)\n(?<body>.*?)\nscript>>/gsu,
      (_, name: string, body: string) => {
        scripts.set(`${SCRIPTS}/${name}`, `#!/bin/bash\n${body}`);
        return `${SCRIPTS}/${name}`;
      },
    );
  const units = [
    ...Object.entries(systemd.services).map(([name, unit]) => [`${name}.service`, unit] as const),
    ...Object.entries(systemd.timers).map(([name, unit]) => [`${name}.timer`, unit] as const),
  ].map(
    ([name, unit]) =>
      [`/run/systemd/system/${name}`, withPaths(unitText(unit).join("\n"))] as const,
  );
  const dropIns = systemd.packages.map(
    ({ path, text }) => [path.replace(/^lib\/systemd/u, "/run/systemd"), withPaths(text)] as const,
  );
  return new Map([...units, ...dropIns, ...scripts]);
};

/** As NixOS writes a unit. */
const unitText = (unit: Unit): readonly string[] => [
  "[Unit]",
  ...lines({
    Description: unit.description,
    Wants: unit.wants?.join(" "),
    StartLimitIntervalSec: unit.startLimitIntervalSec,
    StartLimitBurst: unit.startLimitBurst,
  }),
  ...(unit.timerConfig === undefined ? [] : ["[Timer]", ...lines(unit.timerConfig)]),
  ...(unit.serviceConfig === undefined
    ? []
    : [
        "[Service]",
        `Environment="PATH=${(unit.path ?? []).map((path) => `${path}/bin`).join(":")}"`,
        ...Object.entries(unit.environment ?? {}).map(
          ([name, value]) => `Environment="${name}=${value}"`,
        ),
        ...lines(unit.serviceConfig),
      ]),
];

const lines = (settings: Readonly<Record<string, Setting | undefined>>): readonly string[] =>
  Object.entries(settings).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const values = typeof value === "object" ? value : [value];
    return values.map((one) => `${name}=${String(one)}`);
  });
