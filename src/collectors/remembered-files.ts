import type { Host } from "../host/host.ts";
import type { HostPath } from "../vocabulary.ts";

/** A host of which each file is looked at once, however many VMs share it: templates of units, and every directory on the way. */
export const rememberingFiles = (host: Host): Host => ({
  ...host,
  lstat: once((path) => host.lstat(path)),
  list: once((path) => host.list(path)),
  readText: once((path) => host.readText(path)),
});

const once = <Answer>(
  ask: (path: HostPath) => Promise<Answer>,
): ((path: HostPath) => Promise<Answer>) => {
  const answers = new Map<HostPath, Promise<Answer>>();
  return (path) => {
    const answer = answers.get(path) ?? ask(path);
    answers.set(path, answer);
    return answer;
  };
};
