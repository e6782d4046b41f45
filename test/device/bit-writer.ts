/** Writes DEFLATE data bit by bit, RFC 1951, 3.1.1. */
export class BitWriter {
    private readonly bytes = Buffer.alloc(2600)
    private size = 0

    /** A number, its lowest bit first. */
    number(value: number, bits: number): BitWriter {
        for (let i = 0; i < bits; ++i) {
            const { bytes, size } = this
            bytes[size >> 3] |= ((value >> i) & 1) << (size & 7)
            this.size = size + 1
        }
        return this
    }

    /** A Huffman code, its highest bit first. */
    code(value: number, bits: number): BitWriter {
        for (let i = bits - 1; i >= 0; --i) this.number((value >> i) & 1, 1)
        return this
    }

    /** What was written, and the rest of the last byte. */
    data(): Buffer {
        return this.bytes.slice(0, (this.size + 7) >> 3)
    }
}
