/** Where the keys come from: RFC 5246, 5 and 6.3; RFC 4279, 2; RFC 7627, 4. */
import { join, vector, wipe } from "./bytes"
import { chacha20 } from "./chacha20"
import { FINISHED, handshakeMessage } from "./messages"
import { Protection } from "./record"

/**
 * SHA-256, or HMAC of it with a key, as the VM has them: `digest` and `hmac` of @devicescript/crypto call the same, and
 * check what they are given, which takes several hundred bytes.
 */
function sha256(key: Buffer | undefined, ...data: Buffer[]): Buffer {
    return (Buffer as any).digest(key, "sha256", data)
}

/** P_SHA256 of label and seed (RFC 5246, 5). */
export function prf(
    secret: Buffer,
    label: string,
    seed: Buffer,
    length: number
): Buffer {
    const start = join(Buffer.from(label), seed)
    const result = Buffer.alloc(length)
    let a = start
    for (let at = 0; at < length; at += 32) {
        a = sha256(secret, a)
        const piece = sha256(secret, a, start)
        result.blitAt(at, piece, 0, Math.min(32, length - at))
        wipe(piece)
    }
    return result
}

/** @param transcript all handshake messages up to ClientKeyExchange */
export function masterSecret(key: Buffer, transcript: Buffer): Buffer {
    // RFC 4279, 2: as many zeros as the key is long, and the key, each with its length before it
    const premaster = join(vector(Buffer.alloc(key.length)), vector(key))
    const master = prf(
        premaster,
        "extended master secret",
        sha256(undefined, transcript),
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
    const seed = join(serverRandom, clientRandom)
    const block = prf(master, "key expansion", seed, 88)
    const both = [protection(block, 0), protection(block, 1)]
    wipe(block)
    return both
}

function protection(block: Buffer, side: number): Protection {
    const iv = 64 + 12 * side
    return {
        state: chacha20(block, 32 * side),
        iv: block.slice(iv, iv + 12),
        sequence: 0,
    }
}

/**
 * A Finished message (RFC 5246, 7.4.9).
 * @param transcript all handshake messages before it
 */
export function finished(
    master: Buffer,
    label: string,
    transcript: Buffer
): Buffer {
    const data = prf(master, label, sha256(undefined, transcript), 12)
    return handshakeMessage(FINISHED, data)
}
