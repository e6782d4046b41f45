/** Where the keys come from: RFC 5246, 5 and 6.3; RFC 4279, 2; RFC 7627, 4. */
import { digest, hmac } from "@devicescript/crypto"
import { chacha20 } from "./chacha20"
import { vector } from "./messages"
import { Protection } from "./record"

/** P_SHA256 of label and seed (RFC 5246, 5). */
export function prf(
    secret: Buffer,
    label: string,
    seed: Buffer,
    length: number
): Buffer {
    const start = Buffer.concat(Buffer.from(label), seed)
    const result = Buffer.alloc(length)
    let a = start
    for (let at = 0; at < length; at += 32) {
        a = hmac(secret, "sha256", a)
        const piece = hmac(secret, "sha256", a, start)
        result.blitAt(at, piece, 0, Math.min(32, length - at))
    }
    return result
}

/** @param transcript all handshake messages up to ClientKeyExchange */
export function masterSecret(key: Buffer, transcript: Buffer): Buffer {
    // RFC 4279, 2: as many zeros as the key is long, and the key, each with its length before it
    const premaster = Buffer.concat(
        vector(Buffer.alloc(key.length)),
        vector(key)
    )
    const master = prf(
        premaster,
        "extended master secret",
        digest("sha256", transcript),
        48
    )
    wipe(premaster)
    return master
}

/** @returns what protects the client's records, and the server's */
export function protections(
    master: Buffer,
    clientRandom: Buffer,
    serverRandom: Buffer
): Protection[] {
    const seed = Buffer.concat(serverRandom, clientRandom)
    const block = prf(master, "key expansion", seed, 88)
    const both = [0, 1].map(i => ({
        state: chacha20(block, 32 * i),
        iv: block.slice(64 + 12 * i, 76 + 12 * i),
        sequence: 0,
    }))
    wipe(block)
    return both
}

/**
 * The content of a Finished message (RFC 5246, 7.4.9).
 * @param transcript all handshake messages before it
 */
export function verifyData(
    master: Buffer,
    label: string,
    transcript: Buffer
): Buffer {
    return prf(master, label, digest("sha256", transcript), 12)
}

/** Overwrites a secret. */
export function wipe(secret: Buffer) {
    secret.fillAt(0, secret.length, 0)
}
