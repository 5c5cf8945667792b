/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What each status means, in words for whatever program shows them, and its class. What to do about it is for that
 * program to say: cli/remedy.c is what the command says. */

#include <bulla/core.h>

const char *bulla_status_text(enum bulla_status status) {
  switch (status) {
    case BULLA_OK:
      return "done";
    case BULLA_REFUSED:
      return "refused: damaged, forged, moved, or sealed under another or a revoked key";
    case BULLA_EXPIRED:
      return "expired";
    case BULLA_NOT_YET_VALID:
      return "not yet valid";
    case BULLA_CLAIM_REFUSED:
      return "authentic, but a claim is not what is required";
    case BULLA_REVOKED:
      return "revoked";
    case BULLA_DENIED:
      return "this actor was not granted what that needs";
    case BULLA_KEY_EXHAUSTED:
      return "the key has reached its limit of seals";
    case BULLA_ROOT_WRONG:
      return "not the root key of this vault, nor the key of an actor of it";
    case BULLA_AUDIT_BROKEN:
      return "the audit log has been tampered with";
    case BULLA_LIMITED:
      return "a limit was reached, and nothing was done";
    case BULLA_WRONG_VAULT:
      return "not the vault with the given id or fingerprint, or of the given key";
    case BULLA_INVALID_ARGUMENT:
      return "a value is missing or out of range";
    case BULLA_INVALID_NAME:
      return "not a name: use 1 to 128 of A-Z a-z 0-9 . _ @ + -, not starting with a dot or hyphen";
    case BULLA_INVALID_TEXT:
      return "not valid text: it must be UTF-8, and strict JSON where JSON is expected";
    case BULLA_BUFFER_TOO_SMALL:
      return "the buffer is too small";
    case BULLA_TOO_LARGE:
      return "too large";
    case BULLA_UNSUPPORTED:
      return "not supported";
    case BULLA_EXISTS:
      return "already exists";
    case BULLA_ROOT_MALFORMED:
      return "not a key: a root key has 64 hexadecimal digits, a passphrase 1 to 1024 bytes, and the key of an actor "
             "is a "
             "word that begins with bullaa_";
    case BULLA_STAYS_SECRET:
      return "the field is secret and stays secret";
    case BULLA_CONFLICT:
      return "the field has another revision";
    case BULLA_IN_USE:
      return "still in use";
    case BULLA_NOT_FOUND:
      return "not found";
    case BULLA_NO_MEMORY:
      return "out of memory";
    case BULLA_LOCK_LIMIT:
      return "memory cannot be locked: RLIMIT_MEMLOCK is too low";
    case BULLA_ARENA_FULL:
      return "the locked memory is used up";
    case BULLA_FORKED:
      return "created before a fork: cannot be used in the child";
    case BULLA_NO_CRYPTO:
      return "BoringSSL cannot be loaded or has failed";
    case BULLA_IO:
      return "reading or writing failed";
    case BULLA_DISK_FULL:
      return "the disk is full, and nothing was changed";
    case BULLA_READ_ONLY:
      return "the file, its folder or the server is not writable";
    case BULLA_NOT_PERMITTED:
      return "the database does not permit this";
    case BULLA_BUSY:
      return "locked by another process";
    case BULLA_UNREACHABLE:
      return "the server of the database cannot be reached";
    case BULLA_UNCERTAIN:
      return "it is not known whether this was done and recorded, and no value was opened";
    case BULLA_NO_VAULT:
      return "there is no vault here";
    case BULLA_NOT_A_VAULT:
      return "this database is not a vault, or is damaged";
    case BULLA_NEWER_VAULT:
      return "made by a newer version of bulla";
    case BULLA_OLDER_VAULT:
      return "a vault of an older format, which must be upgraded";
    case BULLA_SECRET_UNAVAILABLE:
      return "the secret cannot be read";
    case BULLA_SECRET_EXPOSED:
      return "others can read or change this file";
    case BULLA_VAULT_MOVED:
      return "the vault's files were moved, replaced or removed while it was open";
    case BULLA_VAULT_SHARED:
      return "the vault's file has a second name, or is mounted without its folder";
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
    case BULLA_DENIED:
      return "BULLA_DENIED";
    case BULLA_KEY_EXHAUSTED:
      return "BULLA_KEY_EXHAUSTED";
    case BULLA_ROOT_WRONG:
      return "BULLA_ROOT_WRONG";
    case BULLA_AUDIT_BROKEN:
      return "BULLA_AUDIT_BROKEN";
    case BULLA_LIMITED:
      return "BULLA_LIMITED";
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
    case BULLA_CONFLICT:
      return "BULLA_CONFLICT";
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
    case BULLA_NOT_PERMITTED:
      return "BULLA_NOT_PERMITTED";
    case BULLA_BUSY:
      return "BULLA_BUSY";
    case BULLA_UNREACHABLE:
      return "BULLA_UNREACHABLE";
    case BULLA_UNCERTAIN:
      return "BULLA_UNCERTAIN";
    case BULLA_NO_VAULT:
      return "BULLA_NO_VAULT";
    case BULLA_NOT_A_VAULT:
      return "BULLA_NOT_A_VAULT";
    case BULLA_NEWER_VAULT:
      return "BULLA_NEWER_VAULT";
    case BULLA_OLDER_VAULT:
      return "BULLA_OLDER_VAULT";
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
