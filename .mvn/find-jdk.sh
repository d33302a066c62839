# Sourced by mvnw and caisson: finds a JDK of at least 25 and exports JAVA_HOME.
# It reads the `release` file of each candidate and starts no JVM, so it costs milliseconds.

CAISSON_JDK_MINIMUM=25

# Prints the major version of the JDK in directory $1; fails when that is no JDK.
caisson_jdk_major() {
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
  while IFS='=' read -r caisson_key caisson_value; do
    if [ "$caisson_key" = JAVA_VERSION ]; then
      caisson_value=${caisson_value#\"}
      printf '%s\n' "${caisson_value%%[!0-9]*}"
      return 0
    fi
  done <"$1/release"
  return 1
}

caisson_jdk_fits() {
  caisson_major=$(caisson_jdk_major "$1") || return 1
  [ -n "$caisson_major" ] && [ "$caisson_major" -ge "$CAISSON_JDK_MINIMUM" ]
}

caisson_find_jdk() {
  if [ -n "${JAVA_HOME:-}" ] && caisson_jdk_fits "$JAVA_HOME"; then
    export JAVA_HOME
    return 0
  fi
  caisson_javac=$(command -v javac 2>/dev/null) && caisson_javac=$(readlink -f "$caisson_javac") || caisson_javac=
  for caisson_candidate in "${caisson_javac%/bin/javac}" /usr/lib/jvm/* /opt/* /opt/java/* \
    "${SDKMAN_DIR:-${HOME:-}/.sdkman}"/candidates/java/* "${HOME:-}"/.jdks/*; do
    if [ -n "$caisson_candidate" ] && caisson_jdk_fits "$caisson_candidate"; then
      JAVA_HOME=$caisson_candidate
      export JAVA_HOME
      return 0
    fi
  done
  {
    echo "caisson: no JDK of version $CAISSON_JDK_MINIMUM or newer was found."
    echo "  Looked at JAVA_HOME (${JAVA_HOME:-not set}), javac on PATH (${caisson_javac:-none}), /usr/lib/jvm, /opt,"
    echo "  SDKMAN and ~/.jdks. Install one, or point JAVA_HOME at it."
  } >&2
  return 1
}

caisson_find_jdk || exit 3
