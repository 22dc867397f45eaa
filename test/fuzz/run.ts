import { fuzz, LEAST_INPUTS } from "./target.ts";
import { TARGETS } from "./targets.ts";

/** `npm run fuzz -- SEED INPUTS [TARGET]`: every target, or those whose name begins so, with inputs of one seed. */
const [seed = "1", inputs = String(LEAST_INPUTS), name = ""] = process.argv.slice(2);
for (const target of TARGETS.filter((one) => one.name.startsWith(name))) {
  const { seconds, slowest } = await fuzz(target, Number(seed), Number(inputs));
  console.log(
    `${target.name}: ${inputs} inputs in ${seconds.toFixed(1)} s, the slowest is ${slowest.input} with ${slowest.milliseconds.toFixed(1)} ms`,
  );
}
