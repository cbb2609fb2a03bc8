#!/bin/sh
# Puts the shared libraries that a program wants, but for those of the C library, into a directory beside it.
#   bundle.sh PROGRAM DIRECTORY [ROOT where packages were unpacked]
set -eu
program=$1 into=$2 root=${3:-}
rm -rf "$into"
mkdir -p "$into"
if [ -n "$root" ]; then
  root=$(cd "$root" && pwd)
  for place in "$root"/usr/lib/*-linux-gnu* "$root"/lib/*-linux-gnu*; do
    LD_LIBRARY_PATH="$place${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
  done
  export LD_LIBRARY_PATH
fi
wanted() {
  ldd "$1" | sed -n 's/.* => \(\/[^ ]*\) (.*/\1/p' |
    grep -v -e '/libc\.so' -e '/libm\.so' -e '/libdl\.so' -e '/libpthread\.so' -e '/librt\.so' || true
}
if ldd "$program" | grep 'not found' >&2; then exit 1; fi
for library in $(wanted "$program"); do
  cp -L "$library" "$into/"
  case $library in
  # NSS loads its ciphers itself, from where it lies.
  */libnss3.so)
    for part in softokn3 freebl3 freeblpriv3; do
      at=$(dirname "$library")/lib$part.so
      for needed in "$at" $(wanted "$at"); do cp -L "$needed" "$into/"; done
    done
    ;;
  esac
done
