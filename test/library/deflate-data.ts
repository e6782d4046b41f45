/** Data to compress, the same in every run, and the compression of `src/protocol`, run in Node. */
import { seededRandom } from "../../lib/random.ts"
import { TAIL } from "../wire/deflated.ts"
import { importPure } from "./device-buffer.ts"

interface InflateFile {
    Inflater: new (bits: number) => { isHungry: boolean }
    feed(inflater: object, data: Buffer, tail: Buffer): void
    inflate(inflater: object): Buffer
    checkEnd(inflater: object): void
}

interface DeflateFile {
    MAX_CHUNK: number
    Deflater: new (bits: number) => object
    maxDeflated(size: number): number
    forget(deflater: object): void
    deflate(
        deflater: object,
        data: Buffer,
        from: number,
        size: number,
        out: Buffer,
        place: number
    ): number
    finish(deflater: object, out: Buffer, place: number): number
}

const { Inflater, feed, inflate, checkEnd } =
    await importPure<InflateFile>("inflate")
const { Deflater, deflate, finish, forget, maxDeflated, MAX_CHUNK } =
    await importPure<DeflateFile>("deflate")

/** Numbers below `below`, the same in every run. */
export class Random {
    readonly #next: () => number

    constructor(seed: number) {
        this.#next = seededRandom(seed)
    }

    below(below: number): number {
        return Math.floor(this.#next() * below)
    }

    of<T>(choices: readonly T[]): T {
        return choices[this.below(choices.length)]
    }
}

/** Of any size up to `most`, of few or many different bytes, with repetitions far and near. */
export function structured(random: Random, most: number): Buffer {
    const size = random.below(random.of([10, most >> 2, most]))
    const symbols = random.of([1, 2, 5, 26, 256])
    const data = Buffer.alloc(size)
    for (let i = 0; i < size; i++) data[i] = random.below(symbols) + 97
    for (let copies = random.below(8); copies > 0; copies--) {
        const from = random.below(size)
        const copy = Buffer.from(data.subarray(from, from + random.below(300)))
        copy.copy(data, random.below(size))
    }
    return data
}

/** Cuts data into pieces of up to `most` bytes. */
export function cut(random: Random, data: Buffer, most: number): Buffer[] {
    const pieces = []
    for (let at = 0; at < data.length;) {
        const size = 1 + random.below(most)
        pieces.push(data.subarray(at, at + size))
        at += size
    }
    return pieces
}

/** Inflates messages by the device's code, one after the other. */
export class DeviceInflater {
    readonly #inflater: { isHungry: boolean }

    constructor(bits: number) {
        this.#inflater = new Inflater(bits)
    }

    /**
     * @param pieces of a message, without what its sender left out
     * @throws ProtocolError
     */
    message(pieces: Buffer[]): Buffer {
        const out = pieces.map(piece => this.#take(piece, Buffer.alloc(0)))
        out.push(this.#take(Buffer.alloc(0), TAIL))
        checkEnd(this.#inflater)
        return Buffer.concat(out)
    }

    #take(piece: Buffer, tail: Buffer): Buffer {
        feed(this.#inflater, piece, tail)
        const out = []
        while (!this.#inflater.isHungry)
            // in the VM a slice is a copy
            out.push(Buffer.from(inflate(this.#inflater)))
        return Buffer.concat(out)
    }
}

/** Deflates messages by the device's code, one after the other. */
export class DeviceDeflater {
    readonly #deflater: object

    constructor(bits: number) {
        this.#deflater = new Deflater(bits)
    }

    /** Starts as if nothing had been before. */
    forget(): void {
        forget(this.#deflater)
    }

    /** @returns the message without what its sender leaves out */
    message(pieces: Buffer[]): Buffer {
        const all = pieces.map((piece, i) => {
            const out = Buffer.alloc(maxDeflated(piece.length))
            let end = 0
            for (let at = 0; at < piece.length; at += MAX_CHUNK) {
                const size = Math.min(MAX_CHUNK, piece.length - at)
                end = deflate(this.#deflater, piece, at, size, out, end)
            }
            if (i === pieces.length - 1) end = finish(this.#deflater, out, end)
            return out.subarray(0, end)
        })
        return Buffer.concat(all)
    }
}
