#!/usr/bin/env bash
# Boots the systemd of a root file system as PID 1 of a container, in a mount namespace that the caller has made: the overlay that
# keeps the root file system as it is goes with it. Becomes systemd-nspawn.
#   boot-container.sh ROOTFS SCRATCH NAME [FROM TO]...     FROM is shown read-only as TO
set -euo pipefail
rootfs=$1 scratch=$2 name=$3
shift 3

# nspawn makes its cgroups below its own: two that begin in one would take each other's away.
for hierarchy in /sys/fs/cgroup/unified /sys/fs/cgroup/systemd /sys/fs/cgroup; do
  [ -e "$hierarchy/cgroup.procs" ] || continue
  mkdir -p "$hierarchy/$name"
  echo 0 > "$hierarchy/$name/cgroup.procs"
done

mkdir -p "$scratch/upper" "$scratch/work" "$scratch/root"
mount -t overlay overlay -o "lowerdir=$rootfs,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root"
head -c 16 /dev/urandom | od -An -v -tx1 | tr -d ' \n' > "$scratch/root/etc/machine-id"
echo kiln > "$scratch/root/etc/hostname"

shown=()
while [ $# -gt 0 ]; do
  shown+=("--bind-ro=$1:$2")
  shift 2
done

# Units of 256 and later want one tree of cgroups.
export UNIFIED_CGROUP_HIERARCHY=1
exec systemd-nspawn --quiet --boot --directory="$scratch/root" --machine="$name" --hostname=kiln \
  --register=no --keep-unit --private-network --link-journal=no --resolv-conf=off --timezone=off \
  --console=pipe "${shown[@]}"
