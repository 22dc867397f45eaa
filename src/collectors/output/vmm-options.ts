import type { VmmErrorMeaning } from "../../evidence/output.ts";

/** What a VMM says of its command line and of the shares that it looks for, in the words of clap, QEMU, cloud-hypervisor and the kernel. */
export const optionErrors = (text: string): readonly VmmErrorMeaning[] => {
  if (GUEST_LINE.test(text)) return [];
  for (const { about, pattern } of PATTERNS) {
    const found = pattern.exec(text);
    if (found === null) continue;
    const object = found.groups?.["object"];
    return [{ kind: "vmm-error", about, ...(object === undefined ? {} : { object }) }];
  }
  return [];
};

const GUEST_LINE = /^\s*\[\s*(?:\d+\.\d+|OK|FAILED|DEPEND|INFO)\s*\]/u;

const PATTERNS: readonly { readonly about: VmmErrorMeaning["about"]; readonly pattern: RegExp }[] =
  [
    { about: "name-length", pattern: /name too long \(max\. \d+ char\)|fw_cfg.*name too long/iu },
    { about: "size", pattern: /Argument list too long|\bos error 7\b|\bE2BIG\b/u },
    {
      about: "share",
      pattern:
        /(?:failed|unable|cannot|could not).*connect.*["'\u2018\u201C](?<object>[^"'\u2019\u201D]*virtiofs[^"'\u2019\u201D]*)|(?:vhost[-_]user|virtiofsd?|VhostUser\w*)\b.*(?:ConnectionRefused|refused|No such file|backend after trying)|cannot initialize fsdev ["'\u2018\u201C](?<fsdev>[^"'\u2019\u201D]+)/iu,
    },
    {
      about: "arguments",
      pattern:
        /(?:unexpected argument|Found argument|unrecognized (?:option|argument)|invalid option|unknown option|the argument|Invalid value)\b[^'"\u2018\u201C]*["'\u2018\u201C]?(?<object>-{0,2}[\w.-]+)?|Error parsing (?<option>--[\w-]+)|Arguments? parsing error|Property ["'\u2018\u201C][^"'\u2019\u201D]+["'\u2019\u201D] not found|Parameter ["'\u2018\u201C][^"'\u2019\u201D]+["'\u2019\u201D] (?:is missing|expects)|duplicate fw_cfg file name/iu,
    },
  ];
