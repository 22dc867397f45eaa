const PLACE = /\$\{canary:([^:}]+):(\d+)\}/gu;

/** A stand-in for a secret: of the right size, and easy to find wherever it must never turn up. */
export const canary = (name: string, size: number): string =>
  `CANARY-${name}-`.padEnd(size, "x").slice(0, size);

/** Puts stand-ins in the place of `${canary:NAME:SIZE}`: for texts where a real host, too, holds the secret. */
export const fillCanaries = (text: string): string =>
  text.replaceAll(PLACE, (_, name: string, size: string) => canary(name, Number(size)));
