/** ChaCha20 (RFC 8439, 2.3 and 2.4). */

const BLOCK = 64

/**
 * @param keys with the key, 32 bytes, from `at` on
 * @returns the state of a key stream, 16 words of 32 bits; the block counter and the nonce, from byte 48 and 52 on, are 0
 */
export function chacha20(keys: Buffer, at: number): Buffer {
    const state = Buffer.alloc(BLOCK)
    state.blitAt(0, "expand 32-byte k", 0, 16)
    state.blitAt(16, keys, at, 32)
    return state
}

/** XORs a piece of data with the key stream. The next piece begins at a new block, so all but the last have to be whole blocks. */
export function encipher(
    state: Buffer,
    data: Buffer,
    from: number,
    length: number
) {
    const stream = Buffer.alloc(BLOCK)
    const end = from + length
    for (let at = from; at < end; at += BLOCK) {
        block(state, stream)
        const stop = Math.min(BLOCK, end - at)
        let i = 0
        for (; i + 4 <= stop; i += 4)
            data.setAt(
                at + i,
                "i32",
                data.getAt(at + i, "i32") ^ stream.getAt(i, "i32")
            )
        for (; i < stop; ++i) data[at + i] ^= stream[i]
    }
}

/** One block of the key stream; the counter moves on. Two rounds are written out, as arrays take several times as long. */
function block(state: Buffer, stream: Buffer) {
    const s0 = state.getAt(0, "i32")
    const s1 = state.getAt(4, "i32")
    const s2 = state.getAt(8, "i32")
    const s3 = state.getAt(12, "i32")
    const s4 = state.getAt(16, "i32")
    const s5 = state.getAt(20, "i32")
    const s6 = state.getAt(24, "i32")
    const s7 = state.getAt(28, "i32")
    const s8 = state.getAt(32, "i32")
    const s9 = state.getAt(36, "i32")
    const s10 = state.getAt(40, "i32")
    const s11 = state.getAt(44, "i32")
    const s12 = state.getAt(48, "i32")
    const s13 = state.getAt(52, "i32")
    const s14 = state.getAt(56, "i32")
    const s15 = state.getAt(60, "i32")
    let x0 = s0
    let x1 = s1
    let x2 = s2
    let x3 = s3
    let x4 = s4
    let x5 = s5
    let x6 = s6
    let x7 = s7
    let x8 = s8
    let x9 = s9
    let x10 = s10
    let x11 = s11
    let x12 = s12
    let x13 = s13
    let x14 = s14
    let x15 = s15
    for (let round = 0; round < 10; ++round) {
        x0 = (x0 + x4) | 0
        x12 ^= x0
        x12 = (x12 << 16) | (x12 >>> 16)
        x8 = (x8 + x12) | 0
        x4 ^= x8
        x4 = (x4 << 12) | (x4 >>> 20)
        x0 = (x0 + x4) | 0
        x12 ^= x0
        x12 = (x12 << 8) | (x12 >>> 24)
        x8 = (x8 + x12) | 0
        x4 ^= x8
        x4 = (x4 << 7) | (x4 >>> 25)
        x1 = (x1 + x5) | 0
        x13 ^= x1
        x13 = (x13 << 16) | (x13 >>> 16)
        x9 = (x9 + x13) | 0
        x5 ^= x9
        x5 = (x5 << 12) | (x5 >>> 20)
        x1 = (x1 + x5) | 0
        x13 ^= x1
        x13 = (x13 << 8) | (x13 >>> 24)
        x9 = (x9 + x13) | 0
        x5 ^= x9
        x5 = (x5 << 7) | (x5 >>> 25)
        x2 = (x2 + x6) | 0
        x14 ^= x2
        x14 = (x14 << 16) | (x14 >>> 16)
        x10 = (x10 + x14) | 0
        x6 ^= x10
        x6 = (x6 << 12) | (x6 >>> 20)
        x2 = (x2 + x6) | 0
        x14 ^= x2
        x14 = (x14 << 8) | (x14 >>> 24)
        x10 = (x10 + x14) | 0
        x6 ^= x10
        x6 = (x6 << 7) | (x6 >>> 25)
        x3 = (x3 + x7) | 0
        x15 ^= x3
        x15 = (x15 << 16) | (x15 >>> 16)
        x11 = (x11 + x15) | 0
        x7 ^= x11
        x7 = (x7 << 12) | (x7 >>> 20)
        x3 = (x3 + x7) | 0
        x15 ^= x3
        x15 = (x15 << 8) | (x15 >>> 24)
        x11 = (x11 + x15) | 0
        x7 ^= x11
        x7 = (x7 << 7) | (x7 >>> 25)
        x0 = (x0 + x5) | 0
        x15 ^= x0
        x15 = (x15 << 16) | (x15 >>> 16)
        x10 = (x10 + x15) | 0
        x5 ^= x10
        x5 = (x5 << 12) | (x5 >>> 20)
        x0 = (x0 + x5) | 0
        x15 ^= x0
        x15 = (x15 << 8) | (x15 >>> 24)
        x10 = (x10 + x15) | 0
        x5 ^= x10
        x5 = (x5 << 7) | (x5 >>> 25)
        x1 = (x1 + x6) | 0
        x12 ^= x1
        x12 = (x12 << 16) | (x12 >>> 16)
        x11 = (x11 + x12) | 0
        x6 ^= x11
        x6 = (x6 << 12) | (x6 >>> 20)
        x1 = (x1 + x6) | 0
        x12 ^= x1
        x12 = (x12 << 8) | (x12 >>> 24)
        x11 = (x11 + x12) | 0
        x6 ^= x11
        x6 = (x6 << 7) | (x6 >>> 25)
        x2 = (x2 + x7) | 0
        x13 ^= x2
        x13 = (x13 << 16) | (x13 >>> 16)
        x8 = (x8 + x13) | 0
        x7 ^= x8
        x7 = (x7 << 12) | (x7 >>> 20)
        x2 = (x2 + x7) | 0
        x13 ^= x2
        x13 = (x13 << 8) | (x13 >>> 24)
        x8 = (x8 + x13) | 0
        x7 ^= x8
        x7 = (x7 << 7) | (x7 >>> 25)
        x3 = (x3 + x4) | 0
        x14 ^= x3
        x14 = (x14 << 16) | (x14 >>> 16)
        x9 = (x9 + x14) | 0
        x4 ^= x9
        x4 = (x4 << 12) | (x4 >>> 20)
        x3 = (x3 + x4) | 0
        x14 ^= x3
        x14 = (x14 << 8) | (x14 >>> 24)
        x9 = (x9 + x14) | 0
        x4 ^= x9
        x4 = (x4 << 7) | (x4 >>> 25)
    }
    stream.setAt(0, "i32", (x0 + s0) | 0)
    stream.setAt(4, "i32", (x1 + s1) | 0)
    stream.setAt(8, "i32", (x2 + s2) | 0)
    stream.setAt(12, "i32", (x3 + s3) | 0)
    stream.setAt(16, "i32", (x4 + s4) | 0)
    stream.setAt(20, "i32", (x5 + s5) | 0)
    stream.setAt(24, "i32", (x6 + s6) | 0)
    stream.setAt(28, "i32", (x7 + s7) | 0)
    stream.setAt(32, "i32", (x8 + s8) | 0)
    stream.setAt(36, "i32", (x9 + s9) | 0)
    stream.setAt(40, "i32", (x10 + s10) | 0)
    stream.setAt(44, "i32", (x11 + s11) | 0)
    stream.setAt(48, "i32", (x12 + s12) | 0)
    stream.setAt(52, "i32", (x13 + s13) | 0)
    stream.setAt(56, "i32", (x14 + s14) | 0)
    stream.setAt(60, "i32", (x15 + s15) | 0)
    state.setAt(48, "i32", (s12 + 1) | 0)
}
