#!/usr/bin/env bash
# Makes a guest in DIRECTORY: `vmlinuz`, and `initrd` with the systemd of this machine's release of Debian as its PID 1. Packages are
# unpacked there and not installed; nothing of this machine changes. Needs root (chroot).
#   make-image.sh DIRECTORY FILES     what lies below FILES is put over the guest's root
set -euo pipefail
directory=$1 files=$2

packages=(systemd dash kmod coreutils findutils cpio)
# How systemd comes to see what a VMM shows: fw_cfg(4) and SMBIOS in sysfs.
modules=(qemu_fw_cfg dmi-sysfs)

work=$directory/work root=$directory/work/root
mkdir -p "$work"/{archives,lists,kernel,linux}/partial "$root"
: > "$work/status"
apt=(-q -y --no-install-recommends
  -o "Dir::State::status=$work/status" -o "Dir::Cache::archives=$work/archives"
  -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root -o Debug::NoLocking=1)

# With no package installed, apt names everything that these need.
download() { apt-get "${apt[@]}" --download-only install "${packages[@]}"; }
if ! download; then
  # The lists of a fresh machine are empty or old; these are the guest's own.
  apt+=(-o "Dir::State::lists=$work/lists")
  apt-get "${apt[@]}" update
  download
fi
linux=$(apt-cache "${apt[@]:3}" depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: //p' | head -n 1)
(cd "$work/kernel" && apt-get "${apt[@]}" download "$linux")

# /bin, /lib and so on are links in Debian; the package that makes them is not among these.
for name in bin lib lib64 sbin; do
  mkdir -p "$root/usr/$name"
  ln -s "usr/$name" "$root/$name"
done
for package in "$work"/archives/*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root"; done
for package in "$work"/kernel/*.deb; do dpkg-deb -x "$package" "$work/linux"; done
cp "$work"/linux/boot/vmlinuz-* "$directory/vmlinuz"

tree=("$work"/linux/{,usr/}lib/modules/*/)
for found in "${tree[@]}"; do [ -d "$found/kernel" ] && tree=$found; done
release=$(basename "$tree")
target=$root/lib/modules/$release
mkdir -p "$target"
cp "$tree"/modules.{builtin,builtin.modinfo,order} "$target/"
for module in "${modules[@]}"; do
  grep -q "/$module\.ko" "$tree/modules.builtin" && continue
  file=$(cd "$tree" && find kernel -name "$module.ko*")
  [ -n "$file" ] || { echo "$linux has no $module" >&2; exit 1; }
  install -D -m 0644 "$tree/$file" "$target/$file"
done

rm -rf "$root"/usr/share "$root"/usr/lib/{dpkg,udev} "$root"/usr/lib/systemd/system-generators "$root"/usr/lib/*/{gconv,perl*}
mkdir -p "$root"/{dev,etc,proc,root,run,sys,tmp,var/log}
ln -sfn /run "$root/var/run"
cp -r "$files"/. "$root/"
ln -s usr/lib/systemd/systemd "$root/init"

chroot "$root" /sbin/depmod "$release"
chroot "$root" /bin/sh -c 'find . -xdev -print0 | cpio --null --create --format=newc --quiet' > "$directory/initrd"
rm -rf "$work"
