/** A real systemd that runs a unit for each VM, to ask what systemctl says of many. */
import { bootSystemd, type OwnSystemd } from "../test/support/own-systemd.ts";

/** A template that stands for microvm@.service: its instances run until they are stopped. */
const TEMPLATE = `[Unit]
Description=MicroVM '%i'
DefaultDependencies=no

[Service]
ExecStart=/usr/bin/sleep infinity
`;

/** Boots a systemd of this machine in namespaces of its own, with so many units microvm@NUMBER.service. Needs root. */
export const systemdWithUnits = async (count: number): Promise<OwnSystemd> => {
  const systemd = await bootSystemd();
  const units = Array.from({ length: count }, (_, index) => `microvm@${index + 1}.service`);
  const write = 'printf %s "$1" >/run/systemd/system/microvm@.service && systemctl daemon-reload';
  const written = await systemd.inside("bash", "-c", write, "bash", TEMPLATE);
  const started = await systemd.inside("systemctl", "start", ...units);
  if (written.exitCode === 0 && started.exitCode === 0) return systemd;
  await systemd.stop();
  throw new Error(`systemd did not start ${count} units: ${written.stderr}${started.stderr}`);
};
