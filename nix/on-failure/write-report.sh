# Writes a bundle and a report of the microVM $1 into a directory of its name below $STATE_DIRECTORY, and keeps the newest $KEEP.
# Started by mvdoctor-failure@.service, see nix/module.nix.
set -eu
vm=$1
directory=$STATE_DIRECTORY/$vm
mkdir -p "$directory"
# The lines that tell of the failure, and the next start, are often still on their way.
sleep "$SETTLE"

# Whatever fails from here on is counted at the end of the pause: count-failures.sh takes the time of this file.
: > "$directory/.read"
name=$(date --utc --reference="$directory/.read" +%Y-%m-%dT%H-%M-%SZ)

# 3: not everything could be read. The report names what.
written() {
  status=0
  "$@" || status=$?
  case $status in
    0 | 3) ;;
    *)
      echo "no report of $vm: $1 $2 ended with status $status" >&2
      exit "$status"
      ;;
  esac
}
written mvdoctor collect "$vm" --output-file "$directory/$name.mvb"
written mvdoctor report "$vm" --bundle "$directory/$name.mvb" --fail-on never \
  --output-file "$directory/$name.md"
ln -sfn "$name.md" "$directory/newest.md"
echo "wrote $directory/$name.md and $name.mvb; failures of $vm within the next $INTERVAL s are counted, not written"

# Names sort by time. A bundle without a report is what an end by force left.
for suffix in mvb md; do
  find "$directory" -maxdepth 1 -type f -name "*Z.$suffix" | sort -r | tail -n "+$((KEEP + 1))"
done | while read -r file; do
  rm -- "$file"
  echo "removed $file: $KEEP are kept"
done
find "$directory" -maxdepth 1 -type f -name '.*.tmp' -delete
