#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

# Builds every fuzz target for OSS-Fuzz and ClusterFuzzLite, from $SRC/bulla into $OUT, in the environment that
# they set: CC, CXX, CFLAGS, CXXFLAGS, LIB_FUZZING_ENGINE, WORK.
#
# Where the targets run there is no library but glibc's. BoringSSL and rhonabwy have no static library in Debian,
# so all that a target needs is copied to $OUT/lib. The path to it is an RPATH, since a RUNPATH would not count for
# what the libraries need themselves. They are not instrumented: the sources of bulla are.

set -o pipefail
cd "$SRC/bulla"
build=$WORK/build
rm -rf "$build"
LDFLAGS="${LDFLAGS:-} -Wl,--disable-new-dtags,-rpath,\$ORIGIN/lib" meson setup "$build" \
  --buildtype=plain -Db_lundef=false -Dfuzzing_engine=oss-fuzz "-Dfuzzer_ldflags=$LIB_FUZZING_ENGINE" \
  -Dtests=disabled -Dbench=disabled -Dman=disabled
ninja -C "$build"

mkdir -p "$OUT/lib"
targets=$(sed -n '/^targets = {/,/^}/ s/^  .\([a-z0-9_]*\).: .*/\1/p' fuzz/meson.build)
for target in $targets; do
  cp "$build/fuzz/$target" "$OUT/"
  for kind in options dict; do
    [ ! -e "fuzz/$target.$kind" ] || cp "fuzz/$target.$kind" "$OUT/"
  done
  rm -f "$OUT/${target}_seed_corpus.zip"
  (cd "fuzz/corpus/$target" && python3 -m zipfile -c "$OUT/${target}_seed_corpus.zip" ./*)
  ldd "$OUT/$target" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | while read -r library; do
    case $library in
      "$OUT"/* | */ld-linux* | */libc.so.* | */libm.so.* | */libdl.so.* | */libpthread.so.* | */librt.so.*) ;;
      *) cp -L "$library" "$OUT/lib/" ;;
    esac
  done
done
