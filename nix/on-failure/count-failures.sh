# Ends the pause after a report on the microVM $1: says how often it failed since, and has one more report written if it did.
# Started by mvdoctor-pause@.timer, see nix/module.nix.
set -eu
vm=$1
read=$STATE_DIRECTORY/$vm/.read
# The timer first: while it is active, nothing that starts a report would start it anew, and no pause would ever end. From here on
# the next failure gets a report of its own.
systemctl stop "mvdoctor-pause@$vm.timer"
systemctl stop "mvdoctor-failure@$vm.service"
if [ ! -e "$read" ]; then
  echo "no report of $vm was begun"
  exit 0
fi
# SD_MESSAGE_UNIT_FAILED: one entry for each time that the unit failed.
failures=$(
  journalctl --quiet --no-pager --output=cat --since="@$(date --reference="$read" +%s.%6N)" \
    MESSAGE_ID=d9b373ed55a64feb8242e02dbe79a49c "UNIT=microvm@$vm.service" | wc -l
)
if [ "$failures" -eq 0 ]; then
  echo "$vm has not failed since its last report"
  exit 0
fi
echo "$vm failed $failures times since its last report, without one of their own: one more is written now"
systemctl --no-block start "mvdoctor-failure@$vm.service"
