import type { VmmTrouble } from "../../evidence/output.ts";

const REFUSED = String.raw`(?:denied|not permitted|os error (?:1|13)\b|code: (?:1|13),|Error\(13\)|EACCES|EPERM)`;
const BUSY = String.raw`(?:in use|busy|os error (?:16|98)\b|code: (?:16|98),|Error\((?:16|98)\)|EADDRINUSE|EBUSY|AddrInUse)`;
const INVALID = String.raw`(?:Invalid argument|os error 22\b|code: 22,|Error\(22\)|EINVAL)`;
const ABSENT = String.raw`(?:No such (?:file|device)|not found|does not exist|os error (?:2|6|19)\b|code: (?:2|6|19),|Error\((?:2|6|19)\)|ENOENT|ENODEV|ENXIO)`;
const FULL = String.raw`(?:No space left|os error 28\b|code: 28,|ENOSPC|Read-only file system|os error 30\b|EROFS|File too large|os error 27\b|Input/output error|os error 5\b)`;
/** A VMM in Rust prints the device and the errno in lines of their own: "0: Open tap device failed", "1: Resource busy (os error 16)". */
const FAILS = String.raw`(?:fail(?:ed|ure)?|unable|cannot|can't|could ?n[o']t|error)`;

const DEVICE = String.raw`/dev/(?:zvol|disk|mapper|md|loop|sd|vd|nvme|dm-)`;
const IMAGE = String.raw`[^\s"'\u2019\u201D:,]{1,256}\.(?:img|qcow2|raw|vhdx?)\b`;

/** A word that goes on is another one; without this a long word would be read anew from each of its ends. */
const ENDS = String.raw`(?=[.)\]]?(?:[\s"'\u2019\u201D:,]|$))`;

const QUOTE = String.raw`["'\u2018\u201C\u0060]`;
const UNUSABLE = String.raw`(?:unexpected|unrecognized|unknown|invalid|unsupported|illegal)`;
const OPTION = String.raw`(?:command[- ]line )?(?:argument|option|parameter|switch|flag|subcommand|value)s?`;
const REACHES_NOBODY = String.raw`(?:refused|os error 111\b|code: 111,|Error\(111\)|ECONNREFUSED|${ABSENT})`;

interface Pattern {
  readonly about: VmmTrouble;
  readonly pattern: RegExp;
}

/** The groups of each alternative get its number: Node 22 takes no name twice, not even in alternatives. */
const words = (...alternatives: readonly string[]): RegExp =>
  new RegExp(
    alternatives
      .map((one, index) =>
        one.replaceAll(/(?<=\(\?<|\\k<)[a-z]+(?=>)/gu, (name) => `${name}${index}`),
      )
      .join("|"),
    "iu",
  );

/** The most telling first: a line counts once. */
export const PATTERNS: readonly Pattern[] = [
  {
    about: "name-too-long",
    pattern: words(
      String.raw`\bname too long \(max`,
      String.raw`fw_cfg.{0,300}\bname (?:is )?too long`,
    ),
  },
  {
    about: "too-large",
    pattern: words(String.raw`Argument list too long|\bos error 7\b|\bE2BIG\b`),
  },
  {
    about: "share",
    pattern: words(
      String.raw`(?<![^\s"'\u2018-\u201D=,(])(?<object>[^\s"'\u2018-\u201D=,(]{0,256}virtiofs[^\s"'\u2018-\u201D,)]{0,256}\.sock)\b.{0,300}${REACHES_NOBODY}`,
      String.raw`-chardev ["']?socket,(?:[^\s]{0,1024},)?path=(?<object>[^\s,:]{1,512}).{0,300}${REACHES_NOBODY}`,
      String.raw`\b(?:vhost[-_ ]?user|virtio[-_ ]?fs).{0,300}(?:${FAILS}|${REACHES_NOBODY})`,
      String.raw`${FAILS}.{0,300}(?:\b(?:vhost[-_ ]?user|virtio[-_ ]?fs)|VhostUser|VirtioFs)`,
      String.raw`${FAILS} connect(?:ing)? (?:to )?the backend`,
    ),
  },
  {
    about: "arguments",
    pattern: words(
      String.raw`\b${UNUSABLE} ${OPTION}(?: for)?:? ?(?:${QUOTE}|--?[a-z])`,
      String.raw`-[\w-]{1,64}: ${UNUSABLE} ${OPTION}\b`,
      String.raw`\b${UNUSABLE} ${OPTION}: (?:\S+|<masked, \d+ bytes>)\s*$`,
      String.raw`\bfound argument ${QUOTE}`,
      // A word that stands alone on the command line is a disk to QEMU.
      String.raw`^\S+: (?<word>(?!-)[^\s:]+|<masked, \d+ bytes>): Could not open ${QUOTE}\k<word>["'\u2019\u201D]`,
      String.raw`(?<object>-(?:fw_cfg|smbios)) .{0,300}(?:\bIs a directory|\bos error 21\b|EISDIR)`,
      String.raw`\bcannot be used (?:multiple times|with ${QUOTE})`,
      String.raw`\brequired (?:arguments?|options?)\b.{0,300}\b(?:not|missing)\b`,
      String.raw`\bvalue is required for ${QUOTE}`,
      String.raw`\b(?:error|failed|failure) pars(?:e|ing) (?:${QUOTE}?--|(?:the )?(?:command[- ]line|arguments?))`,
      String.raw`\barguments? parsing error|\bparsing (?:of )?(?:the )?(?:command[- ]line )?arguments? failed`,
      String.raw`\bParsingConfig\(|\bInvalidSyntax\(|\bUnknownOption\(|^\s*(?:\d+: )?(?:Invalid syntax|Unknown option): `,
      String.raw`\bduplicate (?:fw_cfg|ID\b)`,
      String.raw`\bunsupported machine type|\bis not a valid device model name|\bparameter ${QUOTE}[^\s]+ (?:is missing|expects)`,
    ),
  },
  {
    about: "kvm",
    pattern: words(
      String.raw`(?<object>/dev/kvm)\b.{0,300}(?:${REFUSED}|${ABSENT}|${BUSY}|not available)`,
      String.raw`${FAILS}.{0,300}(?<object>/dev/kvm)\b`,
      String.raw`\bkvm\b.{0,300}(?:${REFUSED}|${ABSENT})`,
      String.raw`\bKVM_CREATE_VM\b.{0,300}${FAILS}|\bVmCreate\(`,
      String.raw`\brequires KVM\b|\binvalid accelerator ["'\u2018]?kvm`,
      String.raw`\bKvm(?:New|Create)?\(.{0,300}(?:${REFUSED}|${ABSENT})`,
      String.raw`failed to initiali[sz]e kvm`,
      String.raw`${FAILS}.{0,300}\bhypervisor (?:interface|object)\b`,
      String.raw`${FAILS} (?:to )?(?:check|create|open).{0,24}\bhypervisor$`,
    ),
  },
  {
    about: "vsock",
    pattern: words(
      String.raw`(?:guest[- ]cid|vsock)\w{0,32}\b.{0,300}(?:${BUSY}|${REFUSED}|${ABSENT})`,
      String.raw`vsock\w{0,32}\(.{0,300}(?:${BUSY}|${REFUSED}|${ABSENT})`,
      String.raw`${FAILS}.{0,300}\b(?:vhost-)?vsock (?:device|backend)\b`,
      String.raw`\bguest-cid\b.{0,300}\bmust be\b`,
    ),
  },
  {
    about: "tap",
    pattern: words(
      String.raw`/dev/(?:net/tun|vhost-net)\b.{0,300}(?:${REFUSED}|${BUSY}|${INVALID}|${ABSENT})`,
      String.raw`${FAILS}.{0,300}/dev/(?:net/tun|vhost-net)\b`,
      String.raw`(?:TUNSETIFF|\btap\b|\btuntap\b|Tap\w{0,32}\().{0,300}(?:${REFUSED}|${BUSY}|${INVALID}|${ABSENT})`,
      String.raw`(?:macvtap|\b/?dev/tap\d{1,9}|\btap\d{1,9}\b).{0,300}(?:${REFUSED}|${BUSY}|${ABSENT})`,
      String.raw`/sys/class/net/(?<object>[^\s/:]+)/ifindex.{0,300}${ABSENT}`,
      String.raw`${FAILS}.{0,300}\btap (?:interface|device)\b`,
      String.raw`\bTap device\b.{0,300}${FAILS}`,
      String.raw`(?:error|missing|no)\b.{0,300}multi-?queue support`,
      String.raw`bridge helper failed|^RTNETLINK answers: |\bTUNGETIFF\b.{0,300}${FAILS}|${FAILS}.{0,300}\bTUNGETIFF\b`,
      String.raw`\bnetwork script .{0,300}\bfailed|\bvirtual network(?:ing)?$|\bnot a valid ifname`,
      String.raw`^(?:Cannot find device|Device) ["'\u2018](?<object>[\w.@-]+)["'\u2019](?: does not exist.?)?$`,
    ),
  },
  {
    about: "lock",
    pattern: words(
      String.raw`${FAILS} (?:to )?(?:get|acquire|obtain|set|take)\b.{0,40}\block\b`,
      String.raw`${FAILS} (?:to )?lock\b.{0,40}\b(?:image|disk|file|device)`,
      String.raw`another process using the image`,
      String.raw`\bflock: .{0,300}(?:unavailable|timeout)`,
      String.raw`(?<![\w./@-])(?<object>[\w./@-]{1,512}\.sock)\b.{0,300}(?:${BUSY}|already used)`,
      String.raw`\bAPI (?:server )?socket\b.{0,300}(?:${BUSY}|already used)`,
      String.raw`\b(?:image|disk|file|device)\b.{0,80}\b(?:is )?already locked`,
      String.raw`\block(?:ed|ing)?\b.{0,300}(?:temporarily unavailable|would ?block|os error 11\b|code: 11,|EAGAIN|already)`,
    ),
  },
  {
    about: "memory",
    pattern: words(
      String.raw`Cannot allocate memory|Out of memory|\bos error 12\b|code: 12,|ENOMEM|insufficient (?:free )?(?:host )?memory|unable to (?:map|allocate).{0,40}(?:guest memory|hugepages?)`,
      String.raw`${FAILS}.{0,300}\b(?:guest RAM|guest memory|hugepages?)\b`,
    ),
  },
  {
    about: "volume",
    pattern: words(
      String.raw`["'\u2018\u201C\s=](?<object>${DEVICE}[^\s"'\u2019\u201D:,]{0,512}|/?${IMAGE})${ENDS}.{0,300}(?:${REFUSED}|${ABSENT}|${FULL})`,
      String.raw`^(?:touch|truncate|fallocate|mke2fs|mkfs\.?\w*|mkfs: \w+|dd):.{0,300}(?:${REFUSED}|${FULL})`,
      String.raw`${FAILS}.{0,300}\b(?:disk path|disk image|backing file|block device)\b`,
      String.raw`\b(?:disk|block device|backing file)\b.{0,300}(?:${REFUSED}|${ABSENT}|${FULL})`,
      String.raw`${FAILS}.{0,300}\s(?<object>${IMAGE})["'\u2019\u201D]?$`,
      String.raw`\bImage is (?:not in \w+ format|corrupt)`,
    ),
  },
  {
    about: "directory",
    pattern: words(
      String.raw`^(?:(?:ln|rm|mv|mkdir|chown|socat):|\S*: line \d+:).{0,300}?(?<![\w/.@-])(?<object>[\w@-][\w.@-]{0,256})["'\u2019\u201D]?: (?:\w{1,32} ){0,2}(?:${REFUSED}|${FULL})`,
      String.raw`cannot overwrite directory.{0,300}?["'\u2018\u201C](?<object>[^"'\u2019\u201D]+)`,
      String.raw`(?<![\w/.@-])(?<object>notify\.vsock(?:_\d+)?|(?!\S{0,256}virtiofs)[\w@.-]{1,256}\.sock)\b.{0,300}(?:${REFUSED}|${FULL})`,
    ),
  },
  {
    // A device of the host beside those above: passthrough, and the kernel's io_uring for the disks.
    about: "device",
    pattern: words(
      String.raw`(?<object>/dev/(?:vfio|dri|bus|input|snd|tpm)[\w/-]{0,256})["'\u2019\u201D]?: (?:${REFUSED}|\w+ (?:${REFUSED}|${ABSENT})|${ABSENT})`,
      String.raw`\bvfio\b.{0,300}(?:${FAILS}|\bnot viable\b)`,
      String.raw`${FAILS}.{0,300}\b(?<object>io_uring)\b`,
    ),
  },
  {
    about: "panic",
    pattern: words(
      String.raw`\bintercepting (?:a bad syscall|signal \d)|\bhardware error:|\bseccomp violation\b`,
      String.raw`\bpanicked at\b|\bSegmentation fault\b|\bassertion\b.{0,300}\bfailed\b|stack smashing detected|\bcore dumped\b|Bad system call`,
    ),
  },
];

/** What a line names, where the trouble's own words do not. */
export const OBJECTS: Readonly<Partial<Record<VmmTrouble, RegExp>>> = {
  "name-too-long": /opt\/io\.systemd\.credentials\/(?<object>[\w.@-]+)/u,
  arguments:
    /(?:^|["'\u2018\u201C\u0060\s(])(?<object>--?[a-z][\w-]+)(?=$|["'\u2019\u201D\u0060\s:)=])/u,
  tap: /(?:\bifname=|\/dev\/net\/tun \(|provided by )(?<object>[\w.-]*[\w-])/u,
  vsock: /\bguest-cid=(?<object>\d+)/u,
  device: /(?<object>\/dev\/vfio[\w/-]*)/u,
  lock: /(?:\[|\bfile=|image: |lock for (?!disk))(?<object>\/?[^\s\],]+)/u,
  volume: /["'\u2018\u201C](?<object>[^"'\u2018\u201C\u2019\u201D]+)["'\u2019\u201D]/u,
};
