import { describe, expect, it } from "vitest";
import { meaningsOf } from "../../src/collectors/output/meanings.ts";

/** The trouble of the VMM that a line tells, with what it names. */
const troubleIn = (line: string) =>
  meaningsOf(line).flatMap((meaning) =>
    meaning.kind === "vmm-error" ? [{ about: meaning.about, object: meaning.object }] : [],
  )[0];

describe("what a line of a VMM says", () => {
  it.each([
    [
      "kvm",
      "/dev/kvm",
      "[12.5s ERROR vmm] failed to open /dev/kvm: Permission denied (os error 13)",
    ],
    ["kvm", undefined, "Could not access KVM kernel module: No such file or directory"],
    ["kvm", undefined, "microvm@cache: -accel kvm: failed to initialize kvm: Permission denied"],
    ["kvm", undefined, "VMM panic: VmBoot(KvmNew(Error(13)))"],
    [
      "kvm",
      undefined,
      "  0: Failed to open hypervisor interface (is hypervisor interface available?)",
    ],
    ["kvm", undefined, "Error creating KVM object: Permission denied (os error 13)"],
    [
      "kvm",
      "/dev/kvm",
      "  Fatal: '/dev/kvm' not found. Please make sure your kernel has CONFIG_KVM",
    ],
    [
      "tap",
      "vm-cache",
      "microvm@cache: -netdev tap,id=vm-cache,ifname=vm-cache,queues=4: could not configure /dev/net/tun (vm-cache): Invalid argument",
    ],
    ["tap", undefined, "ioctl(TUNSETIFF): Device or resource busy"],
    [
      "tap",
      undefined,
      'Error booting VM: DeviceManager(CreateVirtioNet(OpenTap(TapOpen(ConfigureTap(Os { code: 16, kind: ResourceBusy, message: "Resource busy" })))))',
    ],
    ["tap", undefined, "  3: Unable to configure tap interface"],
    [
      "tap",
      "tap-db",
      "Open tap device failed: Error while creating ifreq structure: Resource busy (os error 16). Invalid TUN/TAP Backend provided by tap-db. Check the permissions",
    ],
    [
      "tap",
      undefined,
      "/nix/store/x-microvm-db-microvm-run: line 9: /dev/tap12: Permission denied",
    ],
    [
      "tap",
      "mv-db",
      "/nix/store/x-microvm-db-microvm-run: line 9: /sys/class/net/mv-db/ifindex: No such file or directory",
    ],
    [
      "vsock",
      "77",
      "microvm@db: -device vhost-vsock-pci,guest-cid=77: vhost-vsock: unable to set guest cid: Address already in use",
    ],
    [
      "vsock",
      undefined,
      'Error: DeviceManager(CreateVsockBackend(UnixBind(Os { code: 98, kind: AddrInUse, message: "Address in use" })))',
    ],
    ["lock", "/srv/img/db.img", "Is another process using the image [/srv/img/db.img]?"],
    ["lock", undefined, 'microvm@db: -device virtio-blk-pci,drive=vdb: Failed to get "write" lock'],
    ["lock", "/srv/db.raw", "  2: Failed to get Write lock for disk image: /srv/db.raw"],
    [
      "lock",
      "/srv/db.raw",
      "cloud-hypervisor: 1.2s: <vmm> ERROR:block.rs:1032 -- Can't get Write lock for /srv/db.raw as there is already a Write lock",
    ],
    [
      "memory",
      undefined,
      "microvm@db: cannot set up guest memory 'pc.ram': Cannot allocate memory",
    ],
    ["volume", "/srv/img/db.img", "touch: cannot touch '/srv/img/db.img': Permission denied"],
    ["volume", "db.img", "touch: cannot touch 'db.img': Permission denied"],
    [
      "volume",
      "/srv/vol/db-data",
      "truncate: failed to truncate '/srv/vol/db-data' at 8589934592 bytes: No space left on device",
    ],
    [
      "volume",
      "/dev/zvol/tank/db",
      "microvm@db: -drive file=/dev/zvol/tank/db,if=none: Could not open '/dev/zvol/tank/db': Permission denied",
    ],
    ["volume", undefined, "  1: Cannot open disk path"],
    ["directory", "booted", "ln: failed to create symbolic link 'booted': Permission denied"],
    [
      "directory",
      "db.sock",
      "microvm@db: -qmp unix:db.sock,server,nowait: Failed to bind socket to db.sock: Permission denied",
    ],
    ["directory", "current", "ln: 'current': cannot overwrite directory 'current'"],
    [
      "share",
      "db-virtiofs-x.sock",
      "microvm@db: -chardev socket,id=fs0,path=db-virtiofs-x.sock: Failed to connect to 'db-virtiofs-x.sock': Connection refused",
    ],
    [
      "share",
      "/run/vm/keys.sock",
      "microvm@db: -chardev socket,path=/run/vm/keys.sock,id=fs1: Failed to connect to '/run/vm/keys.sock': No such file or directory",
    ],
    [
      "share",
      undefined,
      'cloud-hypervisor: 61.2s: <vmm> ERROR:virtio-devices/src/vhost_user/vu_common_ctrl.rs:412 -- Failed connecting the backend after trying for 1 minute: VhostUserProtocol(SocketConnect(Os { code: 111, kind: ConnectionRefused, message: "Connection refused" }))',
    ],
    ["share", undefined, "  1: Cannot create virtio-fs device"],
    ["share", undefined, "vhost-user: failed to connect to socket: ECONNREFUSED"],
    [
      "arguments",
      "--platform",
      "error: the argument '--platform <platform>' cannot be used multiple times",
    ],
    ["arguments", "--metadata", "error: unexpected argument '--metadata' found"],
    [
      "arguments",
      undefined,
      "Arguments parsing error: Found argument 'metadata' which wasn't expected, or isn't valid in this context.",
    ],
    ["arguments", "--platform", "  0: Error parsing --platform"],
    [
      "arguments",
      undefined,
      "  1: Invalid syntax: oem_strings=[io.systemd.credential:A=<masked, 9 bytes>]",
    ],
    ["arguments", "-fw-cfg", "microvm@db: -fw-cfg: invalid option"],
    ["arguments", "--memry", "Unrecognized argument: --memry"],
    [
      "arguments",
      "-fw_cfg",
      "microvm@db: -fw_cfg name=opt/io.systemd.credentials/A,file=/run/a: duplicate fw_cfg file name: opt/io.systemd.credentials/A",
    ],
    ["arguments", undefined, "microvm@db: unsupported machine type: 'microvn'"],
    [
      "name-too-long",
      "a-name-that-is-longer-than-28-characters",
      "microvm@db: -fw_cfg name=opt/io.systemd.credentials/a-name-that-is-longer-than-28-characters,file=/run/a: name too long (max. 55 char)",
    ],
    [
      "too-large",
      undefined,
      "/nix/store/x-run: line 12: /nix/store/y/bin/cloud-hypervisor: Argument list too long",
    ],
    ["panic", undefined, "thread 'vmm' panicked at vmm/src/lib.rs:812:10:"],
    ["kvm", "/dev/kvm", "exiting with error 1: failed to open KVM device /dev/kvm"],
    ["kvm", "/dev/kvm", "  Error: '/dev/kvm' KVM driver not available."],
    ["kvm", undefined, "microvm@db: ioctl(KVM_CREATE_VM) failed: 16 Device or resource busy"],
    ["kvm", undefined, "microvm@db: CPU model 'host' requires KVM or HVF"],
    ["tap", undefined, "  Error: Unable to open /dev/net/tun"],
    ["tap", undefined, "could not open /dev/vhost-net: Permission denied"],
    ["tap", undefined, "RTNETLINK answers: Operation not permitted"],
    ["tap", "enp9s0", 'Cannot find device "enp9s0"'],
    ["tap", undefined, "    0: failed to set up virtual networking"],
    ["vsock", undefined, "  Error: Failed opening vhost-vsock device"],
    [
      "vsock",
      "2",
      "microvm@db: -device vhost-vsock-pci,guest-cid=2: guest-cid property must be greater than 2",
    ],
    ["volume", "/srv/img/db.img", "  Fatal: unable to open /srv/img/db.img"],
    ["volume", undefined, "microvm@db: -drive file=/srv/db: Image is not in qcow2 format"],
    ["lock", undefined, "  1: Error binding API server socket: Address in use (os error 98)"],
    [
      "lock",
      "db.sock",
      "microvm@db: -qmp unix:db.sock,server,nowait: Failed to bind socket to db.sock: Address already in use",
    ],
    ["lock", undefined, "flock: 9: Resource temporarily unavailable"],
    [
      "memory",
      undefined,
      "microvm@db: can't open backing store /dev/hugepages for guest RAM: Permission denied",
    ],
    [
      "device",
      "/dev/vfio/12",
      "microvm@db: -device vfio-pci,host=0000:01:00.0: vfio 0000:01:00.0: failed to open /dev/vfio/12: Permission denied",
    ],
    [
      "device",
      "io_uring",
      "microvm@db: -drive aio=io_uring: Unable to use io_uring: failed to init linux io_uring ring: Operation not permitted",
    ],
    ["panic", undefined, "Shutting down VM after intercepting a bad syscall (41)."],
  ])("%s, about %s: %s", (about, object, line) => {
    expect(troubleIn(line)).toEqual({ about, object });
  });

  it.each([
    "cloud-hypervisor: 18.7ms: <vmm> WARN:net_util/src/open_tap.rs:105 -- Tap vm-db already exists. IP configuration will not be overwritten.",
    "[    1.204412] kvm: no hardware support",
    "[    4.118200] systemd[1]: Failed to open /dev/kvm: Permission denied",
    "dockerd[812]: /dev/kvm: Permission denied",
    "[FAILED] Failed to start Lock the disk image.",
    "chattr: Operation not supported while reading flags on db.img",
    "cat: /run/secrets/db/password: Permission denied",
    "microvm@db: -fw_cfg name=opt/io.systemd.credentials/KEY,file=/run/secrets/k: can't load /run/secrets/k: Failed to open file “/run/secrets/k”: Permission denied",
    "error: creating directory '/nix/store/.links': Read-only file system",
    "microvm@db: terminating on signal 15 from pid 1 (<unknown process>)",
    "touch: invalid option -- 'z'",
    "cat: unrecognized option '--nul'",
    "/nix/store/x-run: line 4: base64: invalid option -- 'q'",
    "microvm@db: some device: Invalid argument",
    "cloud-hypervisor: 12.1s: <vmm> INFO: virtio-fs device ready",
    "microvm@db: warning: vhost-vsock: something already in use",
    "cloud-hypervisor: 20.1ms: <vmm> WARN:hypervisor: Failed to open /dev/kvm once: Invalid argument",
  ])("nothing: %s", (line) => {
    expect(troubleIn(line)).toBeUndefined();
  });
});
