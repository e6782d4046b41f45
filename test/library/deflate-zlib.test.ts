/** The device's compression, run in Node, against zlib. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { constants, inflateRawSync } from "node:zlib"
import { deflated as byZlib, TAIL } from "../wire/deflated.ts"
import {
    cut,
    DeviceDeflater,
    DeviceInflater,
    Random,
    structured,
} from "./deflate-data.ts"

const SYNC = { finishFlush: constants.Z_SYNC_FLUSH }

function deflatedAtRandom(random: Random, data: Buffer, windowBits: number) {
    return byZlib(data, {
        windowBits,
        level: random.below(10),
        // filtered, Huffman only, run lengths, fixed codes
        strategy: random.below(5),
        memLevel: 1 + random.below(9),
    })
}

test("5,000 inputs that zlib deflates, with windows of 512 B to 32 KB and in pieces, are inflated to what they were", () => {
    const random = new Random(1)
    for (let i = 0; i < 5000; i++) {
        const data = structured(random, i % 50 ? 800 : 20000)
        const bits = 9 + random.below(7)
        const deflated = deflatedAtRandom(random, data, bits)
        const most = random.of([1, 5, 100, 2000])
        const pieces = cut(random, deflated, most)
        assert.deepEqual(new DeviceInflater(bits).message(pieces), data)
    }
})

test("5,000 inputs that are deflated with windows of 256 B to 32 KB are inflated by zlib to what they were", () => {
    const random = new Random(2)
    for (let i = 0; i < 1000; i++) {
        const bits = 8 + random.below(8)
        const deflater = new DeviceDeflater(bits)
        const messages = Array.from({ length: 5 }, (_, j) =>
            structured(random, (i + j) % 50 ? 800 : 20000)
        )
        const deflated = messages.flatMap(data => {
            const most = random.of([1, 5, 100, 2000])
            const pieces = cut(random, data, most)
            return [deflater.message(pieces.length ? pieces : [data]), TAIL]
        })
        const windowBits = Math.max(bits, 9)
        const got = inflateRawSync(Buffer.concat(deflated), {
            ...SYNC,
            windowBits,
        })
        assert.deepEqual(got, Buffer.concat(messages))
        const inflater = new DeviceInflater(bits)
        for (const [j, data] of messages.entries())
            assert.deepEqual(inflater.message([deflated[2 * j]]), data)
    }
})

test("a message is inflated alike wherever it is cut", () => {
    const random = new Random(3)
    const data = Buffer.from("0123456789".repeat(3) + "abcabcabc, ääääää")
    for (const strategy of [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED])
        for (const level of [0, 6]) {
            const payload = byZlib(data, { strategy, level })
            for (let from = 0; from <= payload.length; from++)
                for (let to = from; to <= payload.length; to++) {
                    const pieces = [
                        payload.subarray(0, from),
                        payload.subarray(from, to),
                        payload.subarray(to),
                    ]
                    const got = new DeviceInflater(9).message(pieces)
                    assert.deepEqual(got, data)
                }
        }
    const long = structured(random, 3000)
    const dynamic = byZlib(long)
    for (let at = 0; at <= dynamic.length; at++) {
        const pieces = [dynamic.subarray(0, at), dynamic.subarray(at)]
        assert.deepEqual(new DeviceInflater(15).message(pieces), long)
    }
})

// RFC 7692, 7.2.3
test("the examples of RFC 7692 say Hello", () => {
    const inflater = new DeviceInflater(15)
    for (const hex of [
        "f248cdc9c90700",
        "f200110000",
        "000500faff48656c6c6f00",
        "f348cdc9c9070000",
        "f248050000 00ffff cac9c90700",
    ]) {
        const payload = Buffer.from(hex.replaceAll(" ", ""), "hex")
        assert.equal(String(inflater.message([payload])), "Hello")
    }
    const deflater = new DeviceDeflater(10)
    const hello = [Buffer.from("Hello")]
    assert.equal(deflater.message(hello).toString("hex"), "f248cdc9c90700")
    // shorter than that of the RFC
    assert.equal(deflater.message(hello).toString("hex"), "02130000")
    deflater.forget()
    assert.equal(deflater.message(hello).toString("hex"), "f248cdc9c90700")
})

test("noise is never more than 2 % longer when it is deflated", () => {
    const random = new Random(4)
    const noise = Buffer.from(
        Array.from({ length: 5000 }, () => random.below(256))
    )
    const deflated = new DeviceDeflater(12).message([noise])
    assert.ok(deflated.length < 1.02 * noise.length, `${deflated.length} bytes`)
})

/** What zlib makes of it; undefined when it is wrong. */
function inflatedByZlib(deflated: Buffer): Buffer | undefined {
    try {
        return inflateRawSync(deflated, SYNC)
    } catch {
        return undefined
    }
}

/** What the device makes of it; undefined when it is wrong. */
function inflatedByDevice(pieces: Buffer[]): Buffer | undefined {
    try {
        return new DeviceInflater(15).message(pieces)
    } catch (error) {
        const { name, code, stack } = error as Error & { code: number }
        assert.equal(name, "ProtocolError", stack)
        assert.equal(code, 1007)
        return undefined
    }
}

test("of 10,000 corrupt inputs none is taken that zlib refuses, and all others are inflated alike or end too early", () => {
    const random = new Random(5)
    let refused = 0
    let taken = 0
    for (let i = 0; i < 10000; i++) {
        const data = structured(random, 400)
        const deflated = deflatedAtRandom(random, data, 15)
        for (let flips = 1 + random.below(3); flips > 0; flips--)
            deflated[random.below(deflated.length)] ^= 1 << random.below(8)
        const expected = inflatedByZlib(Buffer.concat([deflated, TAIL]))
        const byDevice = inflatedByDevice(cut(random, deflated, 300))
        if (!byDevice) refused++
        // zlib ends with a block that says that it is the last one
        else if (expected) {
            assert.deepEqual(byDevice.subarray(0, expected.length), expected)
            taken++
        } else assert.fail(`taken: ${deflated.toString("hex")}`)
    }
    assert.ok(refused > 1000 && taken > 1000, `${refused} and ${taken}`)
})
