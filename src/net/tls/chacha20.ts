/** ChaCha20 (RFC 8439, 2.3 and 2.4). */

const BLOCK = 64

/** Words of 32 bits: a state, or a block of the key stream. Arrays, as reading a word of a buffer takes several times as long. */
export type Words = number[]

/** Where the block counter is in a state; the nonce, of 3 words, follows. */
export const COUNTER = 12

/**
 * @param keys with the key, 32 bytes, from `at` on
 * @returns the state of a key stream, 16 words; block counter and nonce are 0
 */
export function chacha20(keys: Buffer, at: number): Words {
    // "expand 32-byte k"
    const state = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]
    for (let i = 0; i < 32; i += 4) state.push(keys.getAt(at + i, "i32"))
    state.push(0, 0, 0, 0)
    return state
}

/** XORs a piece of data with the key stream. The next piece begins at a new block, so all but the last have to be whole blocks. */
export function encipher(
    state: Words,
    data: Buffer,
    from: number,
    length: number
) {
    const stream: Words = []
    const end = from + length
    for (let at = from; at < end; at += BLOCK) {
        nextBlock(state, stream)
        const stop = Math.min(BLOCK, end - at)
        let i = 0
        for (; i + 4 <= stop; i += 4)
            data.setAt(
                at + i,
                "i32",
                data.getAt(at + i, "i32") ^ stream[i >> 2]
            )
        for (; i < stop; ++i) data[at + i] ^= byteOf(stream, i)
    }
    forget(stream)
}

export function byteOf(words: Words, i: number): number {
    return (words[i >> 2] >> (8 * (i & 3))) & 0xff
}

/** Overwrites a secret. */
export function forget(words: Words) {
    for (let i = 0; i < words.length; ++i) words[i] = 0
}

/** The next block of the key stream. Two rounds are written out, as loops take several times as long. */
export function nextBlock(state: Words, stream: Words) {
    const s0 = state[0]
    const s1 = state[1]
    const s2 = state[2]
    const s3 = state[3]
    const s4 = state[4]
    const s5 = state[5]
    const s6 = state[6]
    const s7 = state[7]
    const s8 = state[8]
    const s9 = state[9]
    const s10 = state[10]
    const s11 = state[11]
    const s12 = state[12]
    const s13 = state[13]
    const s14 = state[14]
    const s15 = state[15]
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
    stream[0] = (x0 + s0) | 0
    stream[1] = (x1 + s1) | 0
    stream[2] = (x2 + s2) | 0
    stream[3] = (x3 + s3) | 0
    stream[4] = (x4 + s4) | 0
    stream[5] = (x5 + s5) | 0
    stream[6] = (x6 + s6) | 0
    stream[7] = (x7 + s7) | 0
    stream[8] = (x8 + s8) | 0
    stream[9] = (x9 + s9) | 0
    stream[10] = (x10 + s10) | 0
    stream[11] = (x11 + s11) | 0
    stream[12] = (x12 + s12) | 0
    stream[13] = (x13 + s13) | 0
    stream[14] = (x14 + s14) | 0
    stream[15] = (x15 + s15) | 0
    state[COUNTER] = s12 + 1
}
