# Makes, in directory $1, a root file system of nothing but Debian's own packages: bash, coreutils, Python, pandas
# and matplotlib with what they need, as apt resolves and downloads them here. Nothing is installed on
# the host, and no root is needed.
set -euo pipefail
root=$1
archives=$(mktemp -d "$root.XXXXXX")
trap 'rm -rf "$archives"' EXIT
packages=$(apt-get -o Dir::State::status=/dev/null install -s --no-install-recommends \
  bash coreutils python3 python3-pandas python3-matplotlib | awk '/^Inst/{print $2}')
(cd "$archives" && apt-get download $packages >download.log 2>&1) || {
  tail -n 3 "$archives/download.log" >&2
  exit 1
}
mkdir -p "$root"/usr/{bin,sbin,lib,lib64}
for directory in bin sbin lib lib64; do ln -s "usr/$directory" "$root/$directory"; done
for archive in "$archives"/*.deb; do
  dpkg-deb --fsys-tarfile "$archive" |
    tar -x --no-same-owner --keep-directory-symlink --exclude=./usr/share/doc --exclude=./dev -C "$root"
done
# What the packages' own scripts would have done.
for library in "$root"/usr/lib/*/{blas,lapack}/lib*.so.3; do
  ln -sf "$(basename "$(dirname "$library")")/$(basename "$library")" \
    "$(dirname "$(dirname "$library")")/$(basename "$library")"
done
/sbin/ldconfig -r "$root"
