/**
 * The directory that a flake reference names, as written: `DIR`, `path:DIR`, `git+file://DIR`, each with or without `?...` and
 * `#attribute` (nix3-flake(1)). `undefined` for a reference that leads elsewhere.
 */
export const directoryOfReference = (reference: string): string | undefined => {
  const bare = reference.replace(/#.*$/su, "");
  const [location = "", query = ""] = bare.split("?", 2);
  const scheme = /^(?<name>[a-z][a-z0-9+.-]*):/iu.exec(location)?.groups?.["name"];
  const path = scheme === undefined ? location : pathOfUrl(scheme, location);
  if (path === undefined || path === "") return undefined;
  const below = new URLSearchParams(query).get("dir");
  return below === null || below === "" ? path : `${path.replace(/\/$/u, "")}/${below}`;
};

const LOCAL_SCHEMES = new Set(["path", "git+file", "file"]);

const pathOfUrl = (scheme: string, url: string): string | undefined => {
  if (!LOCAL_SCHEMES.has(scheme.toLowerCase())) return undefined;
  const path = url.slice(scheme.length + 1).replace(/^\/\/(?=\/)/u, "");
  try {
    return path.startsWith("//") ? undefined : decodeURIComponent(path);
  } catch {
    return undefined;
  }
};
