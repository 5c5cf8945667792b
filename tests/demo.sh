#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

# Plays bulla's main job on a throw-away vault: prints each command, runs it, shows what it prints, and ends at
# the first that does not do what it must. With --tap the story goes to standard error, and a line of TAP for each
# command to standard output. BULLA names the executable.
# shellcheck disable=SC2016 # commands are printed before anything in them is expanded

set -u
data=$(cd "$(dirname "$0")/data" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM
cd "$folder" || exit 4
cp "$data/imported.csv" .
PATH=$(dirname "${BULLA:?names the executable bulla}"):$PATH
unset BULLA_VAULT
export BULLA_ROOT=file:root.key ENCRYPTION_KEY=correct-horse-battery-staple-2019

exec 3>/dev/null
if [ "${1:-}" = --tap ]; then
  exec 3>&1 >&2
fi

num_steps=0

chapter() {
  printf '\n# %s\n' "$*"
}

# step STATUS COMMAND [PATTERN] runs COMMAND, which must end with STATUS and print a line that has PATTERN in it.
step() {
  num_steps=$((num_steps + 1))
  printf '\n$ %s\n' "$2"
  eval "$2" >"$folder/output" 2>&1
  status=$?
  cat "$folder/output"
  verdict=ok
  if [ "$status" != "$1" ]; then
    echo "demo: exit status $status, and not $1"
    verdict='not ok'
  elif ! grep -q -e "${3:-}" "$folder/output" && [ -n "${3:-}" ]; then
    echo "demo: no line with '$3' in it"
    verdict='not ok'
  fi
  printf '%s %s - %s\n' "$verdict" "$num_steps" "$2" | tr '#' ' ' >&3
  if [ "$verdict" != ok ]; then
    echo "1..$num_steps" >&3
    exit 1
  fi
}

chapter 'A new vault, and its root key outside of it'
step 0 'bulla init --root file:root.key'

chapter "A tenant's database connection and AI API key, shown masked"
step 0 "printf %s 'tr0ub4dor-and-3' | bulla put acme/warehouse host=db.acme.example port=5432 user=report --secret password"
step 0 "printf %s 'sk-ant-demo-0123456789abcdef' | bulla put acme/anthropic provider=anthropic --secret key"
step 0 'bulla show acme/warehouse' 'db.acme.example'
step 0 'bulla show acme/anthropic' 'provider'
step 1 "bulla show acme/warehouse | grep tr0ub4dor-and-3"

chapter 'A child process is given the password; it proves that, and does not print it'
step 0 "bulla exec --env PGPASSWORD=acme/warehouse:password --reason 'nightly report' -- sh -c 'printf \"%s characters, SHA-256 %.16s…\\n\" \${#PGPASSWORD} \"\$(printf %s \"\$PGPASSWORD\" | sha256sum)\"'" \
  "^15 characters, SHA-256 $(printf %s 'tr0ub4dor-and-3' | sha256sum | cut -c 1-16)"

chapter 'Two values of an older system, iv:authTag:ciphertext, taken over'
step 0 'cat imported.csv'
step 0 'bulla import hex --key-env ENCRYPTION_KEY --tenant acme < imported.csv'
step 0 "bulla get acme/openai key --reason 'compare with the older system' && echo" '^sk-proj-imported-7Qm2xV9tLr4K$'
step 0 "bulla get acme/anthropic-old key --reason 'compare with the older system' && echo" '^sk-ant-imported-Zb81nWc0Hd5y$'

chapter 'Two API keys; a token of the first'
step 0 '(umask 077; bulla apikey create --tenant acme --name web > web.key)'
step 0 '(umask 077; bulla apikey create --tenant acme --name mobile > mobile.key)'
step 0 'bulla token mint --apikey-file web.key --org acme --sub alice --perm dashboards:read --ttl 60 > token'
step 0 'cat token'
step 0 'bulla token verify < token' '"sub":"alice"'

chapter 'It is refused under the other key, after one changed character, and once it has expired'
step 0 'web=$(cut -d _ -f 2 web.key) mobile=$(cut -d _ -f 2 mobile.key)'
step 0 'cut -d . -f 1 token | basenc --base64url -d' '"kid":"'
step 0 'cut -d . -f 1 token | basenc --base64url -d | sed "s/$web/$mobile/" | basenc --base64url -w 0 | tr -d = > header'
step 0 '{ cat header; printf .; cut -d . -f 2- token; } > readdressed'
step 0 "bulla token inspect < readdressed" "$(cut -d _ -f 2 mobile.key)"
step 1 'bulla token verify < readdressed'
step 0 "sed 's/A\(.\{40\}\)\$/B\1/; t; s/.\(.\{40\}\)\$/A\1/' token > changed"
step 1 'cmp token changed' differ
step 1 'bulla token verify < changed'
step 0 'bulla token mint --apikey-file web.key --org acme --sub alice --ttl 1 > short-lived && sleep 2'
step 1 'bulla token verify < short-lived' 'expired'

chapter 'A front end with a key of its own stores what it cannot read; a worker reads it; the front end is given up'
step 0 '(umask 077; bulla actor create front > front.key; bulla actor create worker > worker.key)'
step 0 'bulla grant front put acme && bulla grant front show acme && bulla grant worker use acme'
step 0 "printf %s 'sk-ant-demo-fedcba9876543210' | bulla put acme/anthropic --secret key --as file:front.key"
step 0 'bulla show acme/anthropic --as file:front.key' '3210'
step 1 "bulla get acme/anthropic key --reason 'just looking' --as file:front.key" 'the role use'
step 0 "bulla get acme/anthropic key --reason 'nightly sync' --as file:worker.key && echo" '^sk-ant-demo-fedcba9876543210$'
step 0 'bulla actor revoke front --now' 'front is revoked'
step 1 'bulla list acme --as file:front.key' 'was revoked'

chapter 'Who touched what'
step 0 'bulla audit log'
step 0 'bulla audit verify'

chapter 'Somebody edits the log'
step 0 "sqlite3 bulla.db \"UPDATE audit SET outcome = 'failed' WHERE lane = 0 AND seq = 5\""
step 1 'bulla audit verify' 5

printf '\nThe throw-away vault is gone.\n'
echo "1..$num_steps" >&3
