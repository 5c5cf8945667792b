/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What each status means to the person who reads it, and the class that the command exits with. */

#include <bulla/core.h>

const char *bulla_status_text(enum bulla_status status) {
  switch (status) {
    case BULLA_OK:
      return "done";
    case BULLA_REFUSED:
      return "refused: damaged, forged, moved from its place, or sealed under another key or a revoked one";
    case BULLA_EXPIRED:
      return "expired: ask its issuer for a new one";
    case BULLA_NOT_YET_VALID:
      return "not yet valid: compare the clocks of both machines, or allow some leeway";
    case BULLA_CLAIM_REFUSED:
      return "authentic, but made for another tenant, audience or issuer";
    case BULLA_REVOKED:
      return "revoked: ask its issuer for a new one";
    case BULLA_KEY_EXHAUSTED:
      return "this key has sealed as often as is safe: make a new one";
    case BULLA_ROOT_WRONG:
      return "another root key than the one this vault was made with: name the right one";
    case BULLA_AUDIT_BROKEN:
      return "the audit log has been tampered with: keep a copy of the vault and compare it with a backup";
    case BULLA_WRONG_VAULT:
      return "another vault than the one whose id was given: find out who put it there";
    case BULLA_INVALID_ARGUMENT:
      return "a value is missing or out of bounds: see what is asked for";
    case BULLA_INVALID_NAME:
      return "not a name: use 1 to 128 of A-Z a-z 0-9 . _ @ + -, not beginning with a dot or hyphen";
    case BULLA_INVALID_TEXT:
      return "not the text that it must be: valid UTF-8, and strict JSON where JSON is asked for";
    case BULLA_BUFFER_TOO_SMALL:
      return "the buffer is too small: give the room that the header names";
    case BULLA_TOO_LARGE:
      return "too large: shorten it or split it";
    case BULLA_UNSUPPORTED:
      return "not supported by this build: name another";
    case BULLA_EXISTS:
      return "there is one already: choose another name";
    case BULLA_ROOT_MALFORMED:
      return "no key in there: it must be 64 hexadecimal digits (a passphrase: 1 to 1024 bytes)";
    case BULLA_STAYS_SECRET:
      return "the field is secret and stays secret: give its value as a secret, or remove the field first";
    case BULLA_IN_USE:
      return "still in use: remove or revoke what hangs on it first";
    case BULLA_NOT_FOUND:
      return "not found: list what there is, and check the spelling";
    case BULLA_NO_MEMORY:
      return "out of memory: free some, then try again";
    case BULLA_LOCK_LIMIT:
      return "memory cannot be locked: raise RLIMIT_MEMLOCK (ulimit -l) to at least 2048 KiB";
    case BULLA_ARENA_FULL:
      return "the locked memory is used up: free secrets, or give bulla_memory_init a larger arena";
    case BULLA_FORKED:
      return "keys do not outlive a fork: open them again in the child";
    case BULLA_NO_CRYPTO:
      return "BoringSSL cannot be loaded or has failed: install android-libboringssl";
    case BULLA_IO:
      return "reading or writing failed: check the disk, the path and its permissions";
    case BULLA_DISK_FULL:
      return "the disk is full and nothing was changed: free some space, then try again";
    case BULLA_READ_ONLY:
      return "not writable: check the owner and permissions of the file and its folder";
    case BULLA_BUSY:
      return "locked by another process: try again when it is done";
    case BULLA_NO_VAULT:
      return "there is no vault here: make one, or name another";
    case BULLA_NOT_A_VAULT:
      return "this file is no vault, or a damaged one: name another, or restore a backup";
    case BULLA_NEWER_VAULT:
      return "made by a newer bulla: upgrade this one";
    case BULLA_SECRET_UNAVAILABLE:
      return "the root key cannot be read from there: mend that, or name another";
    case BULLA_SECRET_EXPOSED:
      return "others can read or change this file: make it its user's alone, and consider the key compromised";
    case BULLA_VAULT_MOVED:
      return "the vault's files were moved, replaced or removed while it was open: stop who has it open, put them "
             "back, "
             "and open it again";
    case BULLA_VAULT_SHARED:
      return "the vault's file has a second name, or is mounted without its folder: share the folder instead";
  }
  return "unknown status";
}

const char *bulla_status_name(enum bulla_status status) {
  switch (status) {
    case BULLA_OK:
      return "BULLA_OK";
    case BULLA_REFUSED:
      return "BULLA_REFUSED";
    case BULLA_EXPIRED:
      return "BULLA_EXPIRED";
    case BULLA_NOT_YET_VALID:
      return "BULLA_NOT_YET_VALID";
    case BULLA_CLAIM_REFUSED:
      return "BULLA_CLAIM_REFUSED";
    case BULLA_REVOKED:
      return "BULLA_REVOKED";
    case BULLA_KEY_EXHAUSTED:
      return "BULLA_KEY_EXHAUSTED";
    case BULLA_ROOT_WRONG:
      return "BULLA_ROOT_WRONG";
    case BULLA_AUDIT_BROKEN:
      return "BULLA_AUDIT_BROKEN";
    case BULLA_WRONG_VAULT:
      return "BULLA_WRONG_VAULT";
    case BULLA_INVALID_ARGUMENT:
      return "BULLA_INVALID_ARGUMENT";
    case BULLA_INVALID_NAME:
      return "BULLA_INVALID_NAME";
    case BULLA_INVALID_TEXT:
      return "BULLA_INVALID_TEXT";
    case BULLA_BUFFER_TOO_SMALL:
      return "BULLA_BUFFER_TOO_SMALL";
    case BULLA_TOO_LARGE:
      return "BULLA_TOO_LARGE";
    case BULLA_UNSUPPORTED:
      return "BULLA_UNSUPPORTED";
    case BULLA_EXISTS:
      return "BULLA_EXISTS";
    case BULLA_ROOT_MALFORMED:
      return "BULLA_ROOT_MALFORMED";
    case BULLA_STAYS_SECRET:
      return "BULLA_STAYS_SECRET";
    case BULLA_IN_USE:
      return "BULLA_IN_USE";
    case BULLA_NOT_FOUND:
      return "BULLA_NOT_FOUND";
    case BULLA_NO_MEMORY:
      return "BULLA_NO_MEMORY";
    case BULLA_LOCK_LIMIT:
      return "BULLA_LOCK_LIMIT";
    case BULLA_ARENA_FULL:
      return "BULLA_ARENA_FULL";
    case BULLA_FORKED:
      return "BULLA_FORKED";
    case BULLA_NO_CRYPTO:
      return "BULLA_NO_CRYPTO";
    case BULLA_IO:
      return "BULLA_IO";
    case BULLA_DISK_FULL:
      return "BULLA_DISK_FULL";
    case BULLA_READ_ONLY:
      return "BULLA_READ_ONLY";
    case BULLA_BUSY:
      return "BULLA_BUSY";
    case BULLA_NO_VAULT:
      return "BULLA_NO_VAULT";
    case BULLA_NOT_A_VAULT:
      return "BULLA_NOT_A_VAULT";
    case BULLA_NEWER_VAULT:
      return "BULLA_NEWER_VAULT";
    case BULLA_SECRET_UNAVAILABLE:
      return "BULLA_SECRET_UNAVAILABLE";
    case BULLA_SECRET_EXPOSED:
      return "BULLA_SECRET_EXPOSED";
    case BULLA_VAULT_MOVED:
      return "BULLA_VAULT_MOVED";
    case BULLA_VAULT_SHARED:
      return "BULLA_VAULT_SHARED";
  }
  return "BULLA_STATUS_UNKNOWN";
}

enum bulla_status_class bulla_status_class(enum bulla_status status) {
  switch ((int)status / 100) {
    case BULLA_CLASS_OK:
      return status == BULLA_OK ? BULLA_CLASS_OK : BULLA_CLASS_ENVIRONMENT;
    case BULLA_CLASS_REFUSED:
      return BULLA_CLASS_REFUSED;
    case BULLA_CLASS_USAGE:
      return BULLA_CLASS_USAGE;
    case BULLA_CLASS_NOT_FOUND:
      return BULLA_CLASS_NOT_FOUND;
    default:
      return BULLA_CLASS_ENVIRONMENT;
  }
}

/* The numbers of the headers, one string. */
#define TEXT_OF(number) #number
#define VERSION_TEXT(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *bulla_version(void) {
  return VERSION_TEXT(BULLA_VERSION_MAJOR, BULLA_VERSION_MINOR, BULLA_VERSION_PATCH);
}
