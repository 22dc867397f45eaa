import type { VmmErrorMeaning } from "../../evidence/output.ts";

/**
 * What a VMM, or the runner around it, fails over: an option, a device, a socket, a file of its own. By the device and the errno word
 * that a line names, in the words of QEMU, cloud-hypervisor, firecracker and the shell; what a guest writes on its console is none.
 */
export const vmmErrors = (text: string): readonly VmmErrorMeaning[] => {
  if (GUEST_LINE.test(text) || BENIGN.test(text)) return [];
  for (const { about, pattern } of PATTERNS) {
    const found = pattern.exec(text);
    if (found === null) continue;
    const object = found.groups?.["object"];
    return [{ kind: "vmm-error", about, ...(object === undefined ? {} : { object }) }];
  }
  return [];
};

/** The kernel's clock, or the mark that systemd puts before a unit on a console. */
const GUEST_LINE = /^\s*\[\s*(?:\d+\.\d+|OK|FAILED|DEPEND|INFO)\s*\]/u;

/** A warning that every start of a VM with a lasting TAP interface prints. */
const BENIGN = /\bWARN\b.*\balready exists\b/u;

const REFUSED = String.raw`(?:denied|not permitted|os error (?:1|13)\b|Error\(13\)|EACCES|EPERM)`;
const BUSY = String.raw`(?:in use|busy|os error (?:16|98)\b|EADDRINUSE|EBUSY|AddrInUse)`;
const INVALID = String.raw`(?:Invalid argument|os error 22\b|EINVAL)`;
const ABSENT = String.raw`(?:No such (?:file|device)|os error (?:2|6|19)\b|ENOENT|ENODEV|ENXIO)`;

interface Pattern {
  readonly about: VmmErrorMeaning["about"];
  readonly pattern: RegExp;
}

/** The most telling first: a line counts once. */
const PATTERNS: readonly Pattern[] = [
  {
    about: "kvm",
    pattern: new RegExp(
      String.raw`(?<object>/dev/kvm)\b.*(?:${REFUSED}|${ABSENT})|\bkvm\b.*(?:${REFUSED}|${ABSENT})|failed to initiali[sz]e kvm`,
      "iu",
    ),
  },
  {
    about: "vsock",
    pattern: new RegExp(
      String.raw`(?:guest[- ]cid|vsock)\b.*(?:${BUSY}|${REFUSED}|${ABSENT})|(?<object>/dev/vhost-vsock)\b`,
      "iu",
    ),
  },
  {
    about: "tap",
    pattern: new RegExp(
      String.raw`(?<object>/dev/net/tun)\b.*(?:${REFUSED}|${BUSY}|${INVALID}|${ABSENT})|(?:TUNSETIFF|\btap\b|\bTap\w*\().*(?:${REFUSED}|${BUSY}|${INVALID}|${ABSENT})|(?:macvtap|\btap\d*\b).*(?:does not exist|not found)`,
      "iu",
    ),
  },
  {
    about: "lock",
    pattern:
      /failed to get ["'\u2018\u201C](?:write|consistent read|shared[^"']*)["'\u2019\u201D] lock|another process using the image|(?:lock|locked|locking)\b.*(?:temporarily unavailable|would ?block|os error 11\b|already)/iu,
  },
  {
    about: "volume",
    pattern: new RegExp(
      String.raw`["'\u2018\u201C\s=](?<object>/[^\s"'\u2019\u201D:,]+\.(?:img|qcow2|raw|vhdx?)|/dev/(?:zvol|disk|mapper|md|loop|sd|vd|nvme|dm-)[^\s"'\u2019\u201D:,]*).*(?:${REFUSED}|${ABSENT}|No space left|os error 28\b|Read-only file system|os error 30\b)`,
      "iu",
    ),
  },
  {
    about: "panic",
    pattern:
      /\bpanicked at\b|\bSegmentation fault\b|\bassertion\b.*\bfailed\b|stack smashing detected/iu,
  },
];
