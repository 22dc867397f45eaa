import { main } from "../../../src/command-line/main.ts";

await main(process.argv.slice(2), import.meta.dirname);
