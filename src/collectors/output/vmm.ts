import type { VmmErrorMeaning } from "../../evidence/output.ts";
import { isGuestLine } from "./guest-line.ts";
import { OBJECTS, PATTERNS } from "./vmm-patterns.ts";

/**
 * What a VMM, or the runner around it, fails over: an option, a device, a socket, a file of its own. By the device and the errno word
 * that a line names, in the words of QEMU, cloud-hypervisor, firecracker, crosvm, kvmtool and the shell; what a guest writes on its
 * console is none.
 */
export const vmmErrors = (text: string): readonly VmmErrorMeaning[] => {
  if (isGuestLine(text) || BENIGN.test(text)) return [];
  for (const { about, pattern } of PATTERNS) {
    const found = pattern.exec(text);
    if (found === null || (about === "arguments" && HELPER.test(text))) continue;
    const object = objectIn(found) ?? OBJECTS[about]?.exec(text)?.groups?.["object"];
    return [{ kind: "vmm-error", about, ...(object === undefined ? {} : { object }) }];
  }
  return [];
};

/** The group of whichever alternative it was. */
const objectIn = ({ groups = {} }: RegExpExecArray): string | undefined =>
  Object.entries(groups).find(
    ([name, value]: readonly [string, string | undefined]) =>
      name.startsWith("object") && value !== undefined,
  )?.[1];

/** A VMM goes on after a warning of its own, such as that of a TAP interface that is there already. */
const BENIGN = /[\s:[]WARN(?:ING)?[\s:\]]|^\S+: warning: /u;

/** Programs that a runner calls: what they do not understand is none of the VMM's options. */
const HELPER =
  /^(?:\S*: line \d+: )?(?:[\w./-]*\/)?(?:cat|tr|head|cut|sed|awk|grep|base64|rm|ln|mkdir|mv|cp|chown|chmod|touch|truncate|install|ip|socat|mkfs[\w.]*|qemu-img|date|sleep): /u;
