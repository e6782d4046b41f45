const BLOCK = 64

/** SHA-1 (RFC 3174) of some hundred bytes: the handshake needs it, nothing should trust it. @returns 20 bytes */
export function sha1(data: Buffer): Buffer {
    const blocks = ((data.length + 8) >> 6) + 1
    const padded = Buffer.alloc(blocks * BLOCK)
    padded.blitAt(0, data, 0, data.length)
    padded[data.length] = 0x80
    storeWord(padded, padded.length - 4, data.length << 3)

    const hash = [
        0x67452301,
        0xefcdab89 | 0,
        0x98badcfe | 0,
        0x10325476,
        0xc3d2e1f0 | 0,
    ]
    for (let i = 0; i < padded.length; i += BLOCK) addBlock(hash, padded, i)

    const digest = Buffer.alloc(20)
    for (let i = 0; i < 5; ++i) storeWord(digest, i * 4, hash[i])
    return digest
}

function storeWord(target: Buffer, at: number, word: number) {
    target[at] = word >>> 24
    target[at + 1] = (word >> 16) & 0xff
    target[at + 2] = (word >> 8) & 0xff
    target[at + 3] = word & 0xff
}

/** RFC 3174, 6.2: the message schedule is kept as a ring of 16 words. */
function addBlock(hash: number[], data: Buffer, from: number) {
    const w: number[] = []
    for (let i = from; i < from + BLOCK; i += 4)
        w.push(
            (data[i] << 24) |
                (data[i + 1] << 16) |
                (data[i + 2] << 8) |
                data[i + 3]
        )
    let a = hash[0]
    let b = hash[1]
    let c = hash[2]
    let d = hash[3]
    let e = hash[4]
    for (let t = 0; t < 80; ++t) {
        const s = t & 15
        if (t >= 16) {
            const x =
                w[(s + 13) & 15] ^ w[(s + 8) & 15] ^ w[(s + 2) & 15] ^ w[s]
            w[s] = (x << 1) | (x >>> 31)
        }
        let f: number
        if (t < 20) f = ((b & c) | (~b & d)) + 0x5a827999
        else if (t < 40) f = (b ^ c ^ d) + 0x6ed9eba1
        else if (t < 60) f = ((b & c) | (b & d) | (c & d)) - 0x70e44324
        else f = (b ^ c ^ d) - 0x359d3e2a
        const next = (((a << 5) | (a >>> 27)) + f + e + w[s]) | 0
        e = d
        d = c
        c = (b << 30) | (b >>> 2)
        b = a
        a = next
    }
    hash[0] = (hash[0] + a) | 0
    hash[1] = (hash[1] + b) | 0
    hash[2] = (hash[2] + c) | 0
    hash[3] = (hash[3] + d) | 0
    hash[4] = (hash[4] + e) | 0
}
