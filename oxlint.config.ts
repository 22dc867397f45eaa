import { defineConfig, type OxlintConfig } from "oxlint";

type Rules = NonNullable<OxlintConfig["rules"]>;

interface Layer {
  /** What it may import, besides itself. */
  readonly may: readonly string[];
  /** What it may import the types of. */
  readonly mayTypes?: readonly string[];
  /** What it may do: nothing but compute, use Node without touching the world, or touch files and processes. */
  readonly reach: "pure" | "node" | "world";
}

/** One pattern of `no-restricted-imports`. */
interface Pattern {
  readonly group?: readonly string[];
  readonly regex?: string;
  readonly message: string;
  readonly allowTypeImports?: boolean;
}

/** The folders and files of src/ in the direction of the data, and what each may know of the others. */
export const LAYERS: Readonly<Record<string, Layer>> = {
  "vocabulary.ts": { may: [], reach: "pure" },
  evidence: { may: ["vocabulary.ts"], reach: "pure" },
  time: { may: ["vocabulary.ts"], reach: "pure" },
  facts: { may: ["evidence", "vocabulary.ts", "time"], reach: "pure" },
  rules: { may: ["facts", "evidence", "vocabulary.ts", "time"], reach: "pure" },
  host: { may: ["evidence", "vocabulary.ts", "time"], reach: "world" },
  journal: { may: ["host", "evidence", "vocabulary.ts", "time"], reach: "node" },
  collectors: { may: ["journal", "host", "evidence", "vocabulary.ts", "time"], reach: "node" },
  diagnosis: {
    may: ["rules", "facts", "collectors", "evidence", "vocabulary.ts", "time"],
    mayTypes: ["host", "journal"],
    reach: "node",
  },
  report: { may: ["evidence", "vocabulary.ts", "time"], mayTypes: ["diagnosis"], reach: "node" },
  requests: {
    may: [
      "host",
      "journal",
      "collectors",
      "diagnosis",
      "report",
      "evidence",
      "vocabulary.ts",
      "time",
      "version.ts",
    ],
    reach: "node",
  },
  "index.ts": {
    may: ["requests", "report", "rules", "version.ts", "vocabulary.ts"],
    reach: "node",
  },
  "version.ts": { may: [], reach: "node" },
  "command-line": {
    may: ["vocabulary.ts", "version.ts"],
    mayTypes: ["requests"],
    reach: "node",
  },
  "bin.ts": { may: ["command-line"], reach: "node" },
};

const PACKAGES = [
  {
    name: "date-fns",
    message: "Import date-fns/<function>: the barrel is 304 files and costs a second.",
  },
  { name: "date-fns/locale", message: "Import date-fns/locale/<locale>." },
];

const ONLY_HOST = {
  regex:
    "^(?:(?:node:)?(?:fs|child_process|net|tls|dgram|dns|https?|http2|cluster|worker_threads)(?:/.*)?|execa)$",
  message: "Only src/host touches files, processes and the network.",
};

const NO_OCLIF = {
  regex: "^@oclif/",
  message: "Only commands and src/command-line know of oclif.",
};

const BANNED_IMPORTS: Record<Layer["reach"], readonly Pattern[]> = {
  pure: [
    {
      regex: "^(?:node:|execa$)",
      message: "This folder is pure: it computes from what it is given.",
    },
  ],
  node: [ONLY_HOST],
  world: [],
};

const restrictedImports = (patterns: readonly Pattern[]): ["error", object] => [
  "error",
  { paths: PACKAGES, patterns },
];

/** The rule for files of one layer that lie `up` (as in "../../") away from src/. */
const layerRule = (name: string, { may, mayTypes = [], reach }: Layer, up: string) => {
  const within = (layer: string): string =>
    layer.endsWith(".ts") ? `${up}${layer}` : `${up}${layer}/**`;
  const allowed = [...may, ...mayTypes].map((layer) => `!${within(layer)}`);
  const typesOnly = mayTypes.map((layer) => ({
    // No `group`: the negated ones below would allow again what it forbids.
    regex: `^${up.replaceAll(".", String.raw`\.`)}${layer}/`,
    allowTypeImports: true,
    message: `${name} may import types only from ${layer}.`,
  }));
  // The negated patterns come last: oxlint looks no further once one of them matches.
  return restrictedImports([
    ...typesOnly,
    ...BANNED_IMPORTS[reach],
    ...(name === "command-line" ? [] : [NO_OCLIF]),
    {
      group: [`${up}**`, ...(up === "./" ? ["../**", "!../package.json"] : []), ...allowed],
      message: `${name} may import only ${may.join(", ") || "nothing"} (LAYERS in oxlint.config.ts).`,
    },
  ]);
};

const PURE_GLOBALS: Rules = {
  "no-restricted-globals": ["error", "process", "console", "fetch"],
};

/** One override for each depth, because patterns see an import as it is written: with its number of `../`. */
const layerOverrides = Object.entries(LAYERS).flatMap(([name, layer]) => {
  const override = (files: string, up: string) => ({
    files: [files],
    rules: {
      ...(layer.reach === "pure" ? PURE_GLOBALS : {}),
      "no-restricted-imports": layerRule(name, layer, up),
    },
  });
  if (name.endsWith(".ts")) return [override(`src/${name}`, "./")];
  return [1, 2, 3].map((depth) =>
    override(`src/${name}${"/*".repeat(depth)}.ts`, "../".repeat(depth)),
  );
});

/** Where what the user asked for goes, a file (`--output-file`), a pager or a command (`--exec`): the only ones outside of host/. */
const outputOverride = {
  files: [
    "src/command-line/output.ts",
    "src/command-line/pager.ts",
    "src/command-line/event-command.ts",
  ],
  rules: {
    "no-restricted-imports": layerRule("command-line", { may: [], reach: "world" }, "../"),
  },
};

export default defineConfig({
  options: { typeAware: true, reportUnusedDisableDirectives: "error" },
  plugins: ["eslint", "typescript", "unicorn", "oxc", "import", "node", "promise", "vitest"],
  categories: { correctness: "error", suspicious: "error", perf: "error" },
  ignorePatterns: ["dist", "fixtures"],
  rules: {
    "no-restricted-imports": restrictedImports([]),
    "import/no-cycle": "error",
    "typescript/no-explicit-any": "error",
    "typescript/no-non-null-assertion": "error",
    "typescript/switch-exhaustiveness-check": [
      "error",
      { considerDefaultExhaustiveForUnions: true },
    ],
    "typescript/consistent-type-imports": "error",
    "unicorn/prefer-node-protocol": "error",
    // Paths are walked and programs asked one after the other: each step decides on the next.
    "no-await-in-loop": "off",
    // tsc has noImplicitReturns, which knows of exhaustive switches.
    "typescript/consistent-return": "off",
    "oxc/no-map-spread": "off",
    "promise/no-promise-in-callback": "off",
  },
  overrides: [
    // The one place that makes branded values, and the tests, which know what they wrote.
    {
      files: ["src/vocabulary.ts", "test/**"],
      rules: { "typescript/no-unsafe-type-assertion": "off" },
    },
    {
      files: ["test/**"],
      rules: {
        "unicorn/consistent-function-scoping": "off",
        // They do not know of `test.for`, nor of helpers that make tests or expect something.
        "vitest/no-conditional-tests": "off",
        "vitest/no-standalone-expect": "off",
        "vitest/expect-expect": "off",
      },
    },
    {
      files: ["commands/**"],
      rules: {
        "no-restricted-imports": restrictedImports([
          {
            group: ["../**", "!../src/index.ts", "!../src/command-line/**"],
            message: "commands may import only src/index.ts and src/command-line.",
          },
          ONLY_HOST,
        ]),
      },
    },
    ...layerOverrides,
    outputOverride,
  ],
});
