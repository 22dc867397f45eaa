# switch-to-configuration switch|boot: what NixOS does, as far as the units of microVMs go.
system=$(dirname "$(dirname "$(readlink -f "$0")")")
[ "$1" = switch ] || exit 0
logger -t nixos "switching to system configuration $system"
before=$(readlink -f /etc/static/systemd/system || true)
"$system/activate" || exit 1
if [ ! -L /etc/systemd/system ]; then
  rm -rf /etc/systemd/system
  ln -s /etc/static/systemd/system /etc/systemd/system
  ln -sf /etc/static/os-release /etc/os-release
fi
ln -sfT "$system" /run/current-system
[ -e /run/booted-system ] || ln -s "$system" /run/booted-system
systemctl daemon-reload
# What changed and runs is restarted where its unit allows that.
changed=()
for unit in $(systemctl list-units --plain --no-legend --state=active 'microvm@*.service' | cut -d ' ' -f 1); do
  dropin=$unit.d/overrides.conf
  [ "$before/$dropin" -ef "/etc/systemd/system/$dropin" ] && continue
  grep -qx X-RestartIfChanged=true "/etc/systemd/system/$dropin" && changed+=("$unit")
done
[ "${#changed[@]}" -eq 0 ] || systemctl stop "${changed[@]}"
systemctl start $(cd /etc/systemd/system && echo install-microvm-*.service)
[ "${#changed[@]}" -eq 0 ] || systemctl start "${changed[@]}"
logger -t nixos "finished switching to system configuration $system"
