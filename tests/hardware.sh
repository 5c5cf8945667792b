#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

# Runs the examples of programs that wrap keys on real parts: a token of SoftHSM, through OpenSC, and a TPM of swtpm,
# through tpm2-tools. Usage: hardware.sh PROGRAM, tests/hardware as it was built. Exit status 1: a check failed.

set -eu
examples=$(cd "$(dirname "$0")/../docs/examples" && pwd)
program=$(readlink -f "$1")
folder=$(mktemp -d)
pids=
# shellcheck disable=SC2086 # a list
trap '[ -z "$pids" ] || kill $pids 2>"$folder/quiet"; rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM
cd "$folder"
outcome=0

# quietly COMMAND… shows what it says only if it fails.
quietly() {
  "$@" >quiet 2>&1 || { cat quiet >&2 && echo "hardware: failed: $*" >&2 && exit 4; }
}

# run NAME COMMAND OTHER shows what the parts say only if a check fails: those that pass refuse much.
run() {
  "$program" "$@" 2>said || { cat said >&2 && outcome=1; }
}

# Two tokens, each with a key pair of the same label.
mkdir tokens
printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\n' "$folder" >softhsm2.conf
export SOFTHSM2_CONF="$folder/softhsm2.conf"
export BULLA_PIN_FILE="$folder/pin"
echo 624571 >pin
echo 624572 >wrong-pin
module=$(find /usr/lib -name libsofthsm2.so | head -n 1)
for token in bulla other; do
  quietly softhsm2-util --init-token --free --label "$token" --so-pin 5471 --pin 624571
  quietly pkcs11-tool --module "$module" --token-label "$token" --login --pin 624571 --keypairgen \
    --key-type rsa:2048 --label root --usage-decrypt
done
command="$examples/root-pkcs11 $module"
run pkcs11 "$command bulla root" "$command other root"
run pkcs11-pin "$command bulla root" "env BULLA_PIN_FILE=$folder/wrong-pin $command bulla root"

# tpm FOLDER starts a TPM at two ports that nobody uses, its own and that of its control, and gives it a primary key.
port=$((10000 + $$ % 5000 * 4))
tpm() {
  mkdir "$1"
  for try in 1 2 3 4 5 6 7 8; do
    port=$((port + 2))
    swtpm socket --tpm2 --tpmstate "dir=$folder/$1" --flags not-need-init,startup-clear \
      --server "type=tcp,port=$port,bindaddr=127.0.0.1" --ctrl "type=tcp,port=$((port + 1)),bindaddr=127.0.0.1" \
      >"$1.log" 2>&1 &
    pids="$pids $!"
    export TPM2TOOLS_TCTI="swtpm:host=127.0.0.1,port=$port"
    while kill -0 "$!" 2>quiet; do
      tpm2_getrandom -Q 1 2>quiet && break 2
      sleep 0.1
    done
    [ "$try" != 8 ] || { cat quiet "$1.log" >&2 && exit 4; }
  done
  quietly tpm2_createprimary -C o -c primary.ctx
  quietly tpm2_evictcontrol -C o -c primary.ctx 0x81000001
  quietly tpm2_flushcontext -t
}

# Two TPMs, each with a primary key at the same handle.
tpm other-tpm
other="env TPM2TOOLS_TCTI=$TPM2TOOLS_TCTI $examples/root-tpm 0x81000001"
tpm tpm
run tpm "$examples/root-tpm 0x81000001" "$other"
exit "$outcome"
