held() { echo "held: $*"; }
escaped() { echo "ESCAPED $*"; }
# attempt WHAT COMMAND...: a command that must fail
attempt() {
  local what=$1 said
  shift
  if said=$("$@" 2>&1); then escaped "$what: ${said:0:200}"; else held "$what: ${said:0:100}"; fi
}

