#!/usr/bin/env bash
# Installs the programs that the tests run, where it may: as root, with apt-get. Says what is missing where it may not.
#   install-tools.sh [lab]     lab: what npm run lab needs beside them
set -euo pipefail

# program that shows it is there = package that brings it
tools=(
  journalctl=systemd
  systemd-journal-remote=systemd-journal-remote
  nix-store=nix-bin
  getfacl=acl
  strace=strace
  unshare=util-linux
  pgrep=procps
  git=git
  sshd=openssh-server
  ssh=openssh-client
  sudo=sudo
  script=bsdutils
  lnav=lnav
  less=less
  chromium=chromium
  dbus-daemon=dbus
  mandoc=mandoc
  zsh=zsh
  fish=fish
)

if [ "${1:-}" = lab ]; then
  tools+=(systemd-nspawn=systemd-container debootstrap=debootstrap qemu-system-x86_64=qemu-system-x86)
fi

missing_packages() {
  local tool
  for tool in "${tools[@]}"; do
    PATH="$PATH:/usr/sbin:/sbin:/usr/lib/systemd:/lib/systemd" command -v "${tool%%=*}" >/dev/null || echo "${tool#*=}"
  done
  [ -e /usr/share/bash-completion/bash_completion ] || echo bash-completion
  # The scenarios' host keeps a copy of its zone.
  [ -e /usr/share/zoneinfo/America/New_York ] || echo tzdata
}

mapfile -t missing < <(missing_packages)
if [ "${#missing[@]}" -eq 0 ]; then exit 0; fi

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  install() {
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@" </dev/null >/dev/null 2>&1
  }
  # The lists of a fresh image are empty or old. One by one, so that one that is unknown here does not stop the others.
  if ! install "${missing[@]}"; then
    apt-get update </dev/null >/dev/null 2>&1 || true
    for package in "${missing[@]}"; do install "$package" || true; done
  fi
  mapfile -t missing < <(missing_packages)
fi

if [ "${#missing[@]}" -gt 0 ]; then
  echo "not installed, tests that need them are skipped (in CI they fail): ${missing[*]}" >&2
fi
