# Read by bash before a stage's script: names the line of the script at which it failed, as bash
# itself does for its own errors. A script that sets its own EXIT trap goes without.
unset BASH_ENV
set -E
trap 'CAISSON_FAILED_LINE=$LINENO' ERR
exit() {
  local code=$?
  CAISSON_FAILED_LINE=${BASH_LINENO[0]}
  builtin exit "${1:-$code}"
}
trap 'code=$?; [ $code -eq 0 ] || echo "$0: line ${CAISSON_FAILED_LINE:-?}: exit $code" >&2' EXIT
