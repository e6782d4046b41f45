const BLOCK = 64

/** MD5 (RFC 1321) of some bytes: draft-hixie-76 needs it, nothing should trust it. @returns 16 bytes */
export function md5(data: Buffer): Buffer {
    const blocks = ((data.length + 8) >> 6) + 1
    const padded = Buffer.alloc(blocks * BLOCK)
    padded.blitAt(0, data, 0, data.length)
    padded[data.length] = 0x80
    padded.setAt(padded.length - 8, "i32", data.length << 3)
    // RFC 1321, 3.3
    const hash = Buffer.from(hex`0123456789abcdef fedcba9876543210`)
    for (let i = 0; i < padded.length; i += BLOCK) addBlock(hash, padded, i)
    return hash
}

/** RFC 1321, 3.4. Its words are little-endian, as the VM's. */
function addBlock(hash: Buffer, data: Buffer, from: number) {
    // 2^32 times the sine of 1 to 64, without its sign
    const sines = hex`
    78a46ad7 56b7c7e8 db702024 eecebdc1 af0f7cf5 2ac68747 134630a8 019546fd
    d8988069 aff7448b b15bffff bed75c89 2211906b 937198fd 8e4379a6 2108b449
    62251ef6 40b340c0 515a5e26 aac7b6e9 5d102fd6 53144402 81e6a1d8 c8fbd3e7
    e6cde121 d60737c3 870dd5f4 ed145a45 05e9e3a9 f8a3effc d9026f67 8a4c2a8d
    4239faff 81f67187 22619d6d 0c38e5fd 44eabea4 a9cfde4b 604bbbf6 70bcbfbe
    c67e9b28 fa27a1ea 8530efd4 051d8804 39d0d4d9 e599dbe6 f87ca21f 6556acc4
    442229f4 97ff2a43 a72394ab 39a093fc c3595b65 92cc0c8f 7df4efff d15d8485
    4f7ea86f e0e62cfe 144301a3 a111084e 827e53f7 35f23abd bbd2d72a 91d386eb`
    const shifts = hex`070c1116 05090e14 040b1017 060a0f15`
    let a = hash.getAt(0, "i32")
    let b = hash.getAt(4, "i32")
    let c = hash.getAt(8, "i32")
    let d = hash.getAt(12, "i32")
    for (let i = 0; i < 64; ++i) {
        let f: number
        let word = i
        if (i < 16) f = (b & c) | (~b & d)
        else if (i < 32) {
            f = (b & d) | (c & ~d)
            word = 5 * i + 1
        } else if (i < 48) {
            f = b ^ c ^ d
            word = 3 * i + 5
        } else {
            f = c ^ (b | ~d)
            word = 7 * i
        }
        const at = from + ((word & 15) << 2)
        const sum =
            (a + f + sines.getAt(i << 2, "i32") + data.getAt(at, "i32")) | 0
        const shift = shifts[((i >> 4) << 2) | (i & 3)]
        a = d
        d = c
        c = b
        b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0
    }
    addWord(hash, 0, a)
    addWord(hash, 4, b)
    addWord(hash, 8, c)
    addWord(hash, 12, d)
}

function addWord(hash: Buffer, at: number, word: number) {
    hash.setAt(at, "i32", (hash.getAt(at, "i32") + word) | 0)
}
