import type { SandboxSetting, ServiceSettings } from "../evidence/unit.ts";

/** The assignment of a sandbox setting that counts: the last one. */
export const lastValue = (
  { sandbox }: Pick<ServiceSettings, "sandbox">,
  key: string,
): SandboxSetting | undefined => sandbox.findLast((setting) => setting.key === key);

/** systemd.syntax(7), "Boolean arguments". */
export const isOn = (service: Pick<ServiceSettings, "sandbox">, key: string): boolean =>
  /^(?:1|yes|y|true|t|on)$/iu.test(lastValue(service, key)?.value ?? "");
