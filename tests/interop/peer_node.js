// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The bulla authors

// panva's jose, over Node's crypto, which has OpenSSL under it, and the same over WebCrypto: two drivers of
// tests/interop/line.h in one process. A request's "library" tells which. Without WebCrypto's build the first still is.

'use strict'

const path = require('node:path')
const readline = require('node:readline')

const native = require.resolve('jose')
const folder = path.join(native.slice(0, native.lastIndexOf(path.join('dist', 'node'))))
const load = {
  panva: () => require(native),
  webcrypto: () => require(path.join(folder, 'dist', 'node', 'webcrypto', 'cjs', 'index.js')),
}
const versions = {
  panva: () => require(path.join(folder, 'package.json')).version,
  webcrypto: () => process.versions.node.split('.')[0],
}

const hex = (bytes) => Buffer.from(bytes).toString('hex')
const bytes = (text) => new Uint8Array(Buffer.from(text ?? '', 'hex'))

async function generate (jose, { alg, enc, crv, bits, kid }) {
  const options = { extractable: true, crv, modulusLength: bits }
  const name = alg === 'dir' ? enc : alg
  const key = /^(RSA|ECDH)/.test(name)
    ? (await jose.generateKeyPair(name, options)).privateKey
    : await jose.generateSecret(name, options)
  return { jwk: { ...await jose.exportJWK(key), kid } }
}

// What a key is for where the JWK does not tell: its own "alg", or what is to be done with it. A symmetric one stays
// bytes: WebCrypto has no key that both encrypts and authenticates.
const imported = (jose, key, alg, enc) => jose.importJWK(key, key.alg ?? (alg === 'dir' ? enc : alg), false)

async function encrypt (jose, { keys, alg, algs, enc, form, payload, aad, apu, apv, kid }) {
  const header = { ...(algs ? {} : { alg }), enc, ...(kid ? { kid } : {}) }
  const parties = { ...(apu ? { apu: bytes(apu) } : {}), ...(apv ? { apv: bytes(apv) } : {}) }
  const ready = await Promise.all(keys.map((key, i) => imported(jose, key, algs?.[i] ?? alg, enc)))
  if (form === 'general') {
    if (apu || apv) {
      throw new Error('no apu and apv for several recipients')
    }
    const sealed = new jose.GeneralEncrypt(bytes(payload)).setProtectedHeader(header)
    if (aad) {
      sealed.setAdditionalAuthenticatedData(bytes(aad))
    }
    ready.forEach((key, i) => {
      const recipient = sealed.addRecipient(key)
      if (keys.length > 1) {
        recipient.setUnprotectedHeader({ ...(algs ? { alg: algs[i] } : {}), kid: keys[i].kid })
      }
    })
    return { jwe: JSON.stringify(await sealed.encrypt()) }
  }
  const Encrypt = form === 'compact' ? jose.CompactEncrypt : jose.FlattenedEncrypt
  const sealed = new Encrypt(bytes(payload)).setProtectedHeader(header)
  if (apu || apv) {
    sealed.setKeyManagementParameters(parties)
  }
  if (aad) {
    sealed.setAdditionalAuthenticatedData(bytes(aad))
  }
  const made = await sealed.encrypt(ready[0])
  return { jwe: form === 'compact' ? made : JSON.stringify(made) }
}

async function decrypt (jose, { key, alg, enc, jwe }) {
  const options = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc] }
  const ready = await imported(jose, key, alg, enc)
  if (!jwe.startsWith('{')) {
    return { payload: hex((await jose.compactDecrypt(jwe, ready, options)).plaintext), aad: '' }
  }
  const parsed = JSON.parse(jwe)
  const open = parsed.recipients ? jose.generalDecrypt : jose.flattenedDecrypt
  const opened = await open(parsed, ready, options)
  return { payload: hex(opened.plaintext), aad: hex(opened.additionalAuthenticatedData ?? []) }
}

async function thumbprint (jose, { key }) {
  return { thumbprint: await jose.calculateJwkThumbprint(key, 'sha256') }
}

const answers = { generate, encrypt, decrypt, thumbprint }

async function answer (request) {
  try {
    const jose = load[request.library]()
    return request.op === 'hello' ? { version: versions[request.library]() } : await answers[request.op](jose, request)
  } catch (error) {
    return { why: `${error.code ?? error.name}: ${error.message}` }
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + '\n')
  }
})()
