import type { VmmErrorMeaning } from "../../evidence/output.ts";

/** What a VMM fails over: an option, a device, a socket, a file of its own. */
export const vmmErrors = (text: string): readonly VmmErrorMeaning[] =>
  PATTERNS.flatMap(({ about, pattern }): VmmErrorMeaning[] => {
    const found = pattern.exec(text);
    if (found === null) return [];
    const object = found.groups?.["object"];
    return [{ kind: "vmm-error", about, ...(object === undefined ? {} : { object }) }];
  });

/** By the device, option or errno word that a line names, in the words of QEMU, cloud-hypervisor and firecracker. */
const PATTERNS: readonly { readonly about: VmmErrorMeaning["about"]; readonly pattern: RegExp }[] =
  [
    {
      about: "kvm",
      pattern: /(?:\/dev\/kvm|\bKVM\b).*(?:denied|os error 13|Error\(13\))|initiali[sz]e kvm: /iu,
    },
    {
      about: "vsock",
      pattern: /(?:guest[- ]cid|vsock).*(?:in use|os error 98|EADDRINUSE)/iu,
    },
  ];
