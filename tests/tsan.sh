#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

# Runs the tests that have threads under ThreadSanitizer: tsan.sh BUILD [MODULE]… The build folder is made with
# -Db_sanitize=thread. BoringSSL and SQLite are not instrumented: what they do to memory is not seen,
# only that they lock.

set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
build=$1
shift
# shellcheck disable=SC2046 # a list of words
[ $# -gt 0 ] || set -- $(grep -l "pthread_create\|test_start\|test_for_a_second" tests/test_*.c | sed 's,.*/test_\(.*\)\.c,\1,')
export TSAN_OPTIONS=halt_on_error=0:exitcode=66:second_deadlock_stack=1

modules=
for module in "$@"; do
  # Under a sanitizer there is no test of living beside OpenSSL.
  case $module in
    isolation) echo "isolation: left out, because OpenSSL and BoringSSL cannot both be linked" ;;
    loaded) echo "loaded: left out, because the sanitizer knows one copy of what it watches" ;;
    # Nor does it hear of a bare clone(2).
    thread_end) echo "thread_end: left out, because the sanitizer has left a thread before its last destructors" ;;
    scrub) echo "scrub: left out, because the sanitizer writes on the stack that is looked at" ;;
    *) modules="$modules $module" ;;
  esac
done
if [ -z "$modules" ]; then
  echo "tsan: there is no module to run" >&2
  exit 1
fi
# shellcheck disable=SC2046,SC2086 # lists of words
ninja -C "$build" --quiet tests/control $(printf 'tests/plain-%s ' $modules) >&2

status=0
"$build/tests/control" race 2>"$build/tsan-control.log" || status=$?
if [ $status != 66 ] || ! grep -q 'WARNING: ThreadSanitizer: data race' "$build/tsan-control.log"; then
  echo "tsan: the planted race was not found" >&2
  exit 1
fi
echo "ok - the planted race is found"

failed=0
for module in $modules; do
  log=$build/tsan-$module.log
  if timeout 600 "$build/tests/plain-$module" >"$log" 2>&1 && ! grep -q 'ThreadSanitizer' "$log"; then
    echo "ok - $module: $(grep -c '^ok' "$log") tests"
  else
    cat "$log" >&2
    echo "not ok - $module"
    failed=1
  fi
done
exit $failed
