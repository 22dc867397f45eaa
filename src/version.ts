import packageJson from "../package.json" with { type: "json" };

/** The version of mvdoctor, without a `v`. */
export const VERSION: string = packageJson.version;
