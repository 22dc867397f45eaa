const STORE_PATH =
  /\/nix\/store\/([0-9abcdfghijklmnpqrsvwxyz]{32})(-[A-Za-z0-9+\-._?=]*[A-Za-z0-9+\-_?=])/gu;
const DIGITS = 8;

/** Store paths as a page for people writes them, and which ones it wrote. */
export interface StoreNames {
  /** `/nix/store/g5zlavw0*-microvm-qemu-test-vm`: still a pattern that a shell finds the path by. */
  short(text: string): string;
  /** All paths that were shortened, sorted. */
  shortened(): readonly string[];
}

/** Shortens the hash of store paths in prose: 24 digits that nobody reads, in line after line. */
export const storeNames = (): StoreNames => {
  const seen = new Set<string>();
  return {
    short: (text) =>
      text.replaceAll(STORE_PATH, (path, hash: string, name: string) => {
        seen.add(path);
        return `/nix/store/${hash.slice(0, DIGITS)}*${name}`;
      }),
    shortened: () => [...seen].toSorted(),
  };
};
