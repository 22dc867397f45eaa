# In place of a VMM: opens the files of its fw_cfg arguments before anything else, and ends where it may not, in QEMU's words.
while [ $# -gt 0 ]; do
  case "$1 ${2:-}" in
  "-fw_cfg "*,file=*)
    file=${2#*,file=}
    if ! error=$(head -c 0 -- "$file" 2>&1); then
      echo "microvm: -fw_cfg $2: can't load $file: Failed to open file “$file”: ${error##*: }" >&2
      exit 1
    fi
    shift
    ;;
  esac
  shift
done
