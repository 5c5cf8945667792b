// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The bulla authors

// panva's jose in a process of its own, for bench/peer_panva.c: a line of JSON asks for a number of operations, and is
// answered by the nanoseconds of the processor that they took, one after another, or by "error" and what it was. Keys
// are imported and the code is compiled beforehand.

'use strict';

const { CompactEncrypt, compactDecrypt, importJWK } = require('jose');

const WARMING_NS = 20_000_000;
const warm = new Set();

async function timed(num, operation) {
  const start = process.cpuUsage();
  for (let i = 0; i < num; i++) {
    await operation();
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) * 1000;
}

async function answer({ alg, enc, operation, num, jwk, publicJwk, claims }) {
  const [key, publicKey] = await Promise.all([importJWK(jwk, alg), importJWK(publicJwk, alg)]);
  const plaintext = new TextEncoder().encode(JSON.stringify(claims));
  const encrypt = () => new CompactEncrypt(plaintext).setProtectedHeader({ alg, enc }).encrypt(publicKey);
  const token = await encrypt();
  const decrypt = () =>
    compactDecrypt(token, key, { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc] });
  if (Buffer.compare((await decrypt()).plaintext, plaintext) !== 0) {
    throw new Error('another plaintext');
  }
  const asked = operation === 'encrypt' ? encrypt : decrypt;
  const row = `${alg} ${enc} ${operation}`;
  for (let spent = 0; !warm.has(row) && spent < WARMING_NS;) {
    spent += await timed(1, asked);
  }
  warm.add(row);
  return timed(num, asked);
}

async function main() {
  for await (const line of require('readline').createInterface({ input: process.stdin })) {
    const text = await answer(JSON.parse(line)).catch((error) => `error ${error.message}`);
    process.stdout.write(`${text}\n`);
  }
}

main();
