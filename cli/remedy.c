/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/remedy.h. There is no default: the compiler warns of a status that is missing. */

#include "cli/remedy.h"

const char *bulla_remedy(enum bulla_status status) {
  switch (status) {
    case BULLA_OK:
    case BULLA_REFUSED:
    case BULLA_INVALID_NAME:
    case BULLA_INVALID_TEXT:
    case BULLA_BUFFER_TOO_SMALL:
    case BULLA_FORKED:
    case BULLA_ROOT_MALFORMED:
      return NULL;
    case BULLA_EXPIRED:
    case BULLA_REVOKED:
      return "ask its issuer for a new one";
    case BULLA_DENIED:
      return "ask whoever has the root";
    case BULLA_NOT_YET_VALID:
      return "compare the clocks of both machines, or allow some --leeway";
    case BULLA_CLAIM_REFUSED:
      return "check --aud, --iss, and the --org it was minted with";
    case BULLA_KEY_EXHAUSTED:
      return "make a new one";
    case BULLA_ROOT_WRONG:
      return "give the right one with --root or BULLA_ROOT";
    case BULLA_AUDIT_BROKEN:
      return "keep a copy of the vault and compare it with a backup";
    case BULLA_LIMITED:
      return "bulla limit list shows the limits";
    case BULLA_WRONG_VAULT:
      return "compare it with the id and fingerprint of the right one, and find out who put this vault there";
    case BULLA_INVALID_ARGUMENT:
      return "see the --help of this command";
    case BULLA_TOO_LARGE:
      return "shorten it or split it";
    case BULLA_UNSUPPORTED:
      return "name another";
    case BULLA_EXISTS:
      return "choose another name";
    case BULLA_STAYS_SECRET:
      return "give its value with --secret or --secret-file, or remove the field first with bulla rm";
    case BULLA_CONFLICT:
      return "somebody else wrote it: look at it with bulla show, then give the revision that it has now";
    case BULLA_IN_USE:
      return "remove or revoke what depends on it first";
    case BULLA_NOT_FOUND:
      return "check the spelling, or list what exists";
    case BULLA_NO_MEMORY:
      return "free some, then try again";
    case BULLA_LOCK_LIMIT:
      return "raise it with ulimit -l 2048, or with LimitMEMLOCK=2M in a service of systemd";
    case BULLA_ARENA_FULL:
      return "take fewer or smaller values at a time";
    case BULLA_NO_CRYPTO:
      return "install android-libboringssl";
    case BULLA_IO:
      return "check the disk, the path and its permissions";
    case BULLA_DISK_FULL:
      return "free some space, then try again";
    case BULLA_READ_ONLY:
      return "check the owner and permissions of the file and its folder, or name the primary server";
    case BULLA_NOT_PERMITTED:
      return "check the login and password in --vault, and what it was granted";
    case BULLA_BUSY:
      return "try again when it is done";
    case BULLA_UNREACHABLE:
      return "check the host in --vault, the network and the server, then try again";
    case BULLA_UNCERTAIN:
      return "look before trying again, once the server is well: bulla audit log says what was recorded";
    case BULLA_NO_VAULT:
      return "make one with bulla init, or name another with --vault";
    case BULLA_NOT_A_VAULT:
      return "name another with --vault, or restore a backup";
    case BULLA_NEWER_VAULT:
      return "upgrade this one";
    case BULLA_OLDER_VAULT:
      return "run bulla upgrade, which makes a backup first";
    case BULLA_SECRET_UNAVAILABLE:
      return "fix that, or give another with --root";
    case BULLA_SECRET_EXPOSED:
      return "run chmod 600 on it, and consider the key compromised";
    case BULLA_VAULT_MOVED:
      return "stop whatever has it open, put the files back, and try again";
    case BULLA_VAULT_SHARED:
      return "mount or share its folder instead";
  }
  return NULL;
}
