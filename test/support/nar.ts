/** A store object as Nix sees it: no owners, no times, one executable bit. */
export type NarNode =
  | { readonly kind: "file"; readonly bytes: Buffer; readonly executable: boolean }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "directory"; readonly entries: ReadonlyMap<string, NarNode> };

/** The Nix archive of a store object: its hash and size are what the database holds. */
export const narOf = (node: NarNode): Buffer =>
  Buffer.concat([...strings("nix-archive-1"), ...nodeParts(node)]);

const nodeParts = (node: NarNode): Buffer[] => [
  ...strings("(", "type"),
  ...contentParts(node),
  ...strings(")"),
];

const contentParts = (node: NarNode): Buffer[] => {
  if (node.kind === "link") return strings("symlink", "target", node.target);
  if (node.kind === "file") {
    return [
      ...strings("regular", ...(node.executable ? ["executable", ""] : []), "contents"),
      framed(node.bytes),
    ];
  }
  const entries = [...node.entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...strings("directory"),
    ...entries.flatMap(([name, child]) => [
      ...strings("entry", "(", "name", name, "node"),
      ...nodeParts(child),
      ...strings(")"),
    ]),
  ];
};

const strings = (...values: readonly string[]): Buffer[] =>
  values.map((value) => framed(Buffer.from(value)));

const framed = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([length, bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
};
