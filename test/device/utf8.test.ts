import { describe, expect, test } from "@devicescript/test"
import { accept, Utf8 } from "../../src/protocol/utf8"
import { expectText, breathe } from "./check"
import { closing, lastPart, more, text, textStart } from "./frames"
import { connected, reading } from "./client"

/** Bytes at the borders of all ranges in the table of RFC 3629, 4. */
const BORDERS = hex`007f808f909fa0bfc0c1c2dfe0e1ecedeeeff0f1f3f4f5ff`

/**
 * The table of RFC 3629, 4.
 * @returns bytes of an incomplete character at the end; undefined: no text can begin so
 */
function incomplete(data: Buffer): number {
    let lead = 0
    let needed = 0
    let lower = 0x80
    let upper = 0xbf
    for (let i = 0; i < data.length; ++i) {
        const byte = data[i]
        if (needed) {
            if (byte < lower || byte > upper) return undefined
            needed--
            lower = 0x80
            upper = 0xbf
        } else if (byte > 0x7f) {
            if (byte < 0xc2 || byte > 0xf4) return undefined
            lead = i
            needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
            if (byte === 0xe0) lower = 0xa0
            else if (byte === 0xed) upper = 0x9f
            else if (byte === 0xf0) lower = 0x90
            else if (byte === 0xf4) upper = 0x8f
        }
    }
    return needed ? data.length - lead : 0
}

function check(pieces: Buffer[]): number {
    const utf8 = new Utf8()
    for (const piece of pieces) if (!accept(utf8, piece)) return undefined
    return utf8.rest ? utf8.rest.length : 0
}

/** `Utf8` agrees with the table on the bytes as a whole, one by one, and cut in two. */
async function expectAgreement(data: Buffer) {
    const expected = incomplete(data)
    const single: Buffer[] = []
    for (let i = 0; i < data.length; ++i) single.push(data.slice(i, i + 1))
    let right = check([data]) === expected && check(single) === expected
    for (let i = 1; i < data.length; ++i)
        right = right && check([data.slice(0, i), data.slice(i)]) === expected
    if (!right) throw new Error(`${data.toString("hex")}: expected ${expected}`)
    await breathe()
}

function encode(codePoint: number): number[] {
    const tail = (shift: number) => 0x80 | ((codePoint >> shift) & 0x3f)
    if (codePoint < 0x80) return [codePoint]
    if (codePoint < 0x800) return [0xc0 | (codePoint >> 6), tail(0)]
    if (codePoint < 0x10000) return [0xe0 | (codePoint >> 12), tail(6), tail(0)]
    return [0xf0 | (codePoint >> 18), tail(12), tail(6), tail(0)]
}

/** All code points from one to another are text, in pieces of a size that cuts characters. */
async function expectText64(from: number, to: number) {
    for (let block = from; block <= to; block += 64) {
        const bytes: number[] = []
        for (let c = block; c < block + 64 && c <= to; ++c)
            bytes.pushRange(encode(c))
        const data = Buffer.from(bytes)
        if (
            check([data]) !== 0 ||
            check([data.slice(0, 61), data.slice(61)]) !== 0
        )
            throw new Error(`a character from ${block} on was refused`)
        await breathe()
    }
}

// RFC 3629, 4
describe("UTF-8", () => {
    test("all sequences of one and two bytes are told apart", async () => {
        for (let a = 0; a < 256; ++a) {
            await expectAgreement(Buffer.from([a]))
            for (let i = 0; i < BORDERS.length; ++i)
                await expectAgreement(Buffer.from([a, BORDERS[i]]))
        }
    })

    test("all borders of three bytes are told apart", async () => {
        for (const a of [0x61, 0xc3, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf1])
            for (let i = 0; i < BORDERS.length; ++i)
                for (let j = 0; j < BORDERS.length; ++j)
                    await expectAgreement(
                        Buffer.from([a, BORDERS[i], BORDERS[j]])
                    )
    })

    test("all borders of four bytes are told apart", async () => {
        const tails = hex`7f80bfc0`
        for (const a of [0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff])
            for (let i = 0; i < BORDERS.length; ++i)
                for (let j = 0; j < tails.length; ++j)
                    for (let k = 0; k < tails.length; ++k)
                        await expectAgreement(
                            Buffer.from([a, BORDERS[i], tails[j], tails[k]])
                        )
    })

    test("every character of the basic plane is text", async () => {
        await expectText64(0, 0xd7ff)
        await expectText64(0xe000, 0xffff)
    })

    test("the ends of every other plane are text", async () => {
        for (let plane = 1; plane <= 16; ++plane) {
            await expectText64(plane * 0x10000, plane * 0x10000 + 63)
            await expectText64(
                plane * 0x10000 + 0xffc0,
                plane * 0x10000 + 0xffff
            )
        }
    })

    // The VM's decoder has U+FFFD for what it refuses, and refuses the noncharacters
    test("U+FFFD, U+FFFE and U+FFFF are text, also beside what is not", async () => {
        for (const good of ["efbfbd", "efbfbe", "efbfbf", "61efbfbf62"])
            for (const bad of ["", "ff", "ef", "efbf", "efbfc3", "c0af"])
                for (const hex of [good + bad, bad + good, good + bad + good])
                    await expectAgreement(Buffer.from(hex, "hex"))
    })

    // The VM's decoder reads beyond a buffer that ends inside of a character
    test("a character cut short before another one is refused, whatever is in the heap", async () => {
        for (let length = 0; length < 200; ++length) {
            const data = Buffer.alloc(length)
            for (const bad of [hex`efbfef`, hex`c3c3`, hex`f09f98e2`])
                expect(check([data.concat(bad)])).toBe(undefined)
            await breathe()
        }
    })

    test("bytes behind the piece are not looked at", () => {
        const data = hex`c3a4c3a4`
        expect(check([data.slice(0, 3)])).toBe(1)
        expect(check([hex`c3`, hex``, hex`a4`])).toBe(0)
        expect(check([hex``])).toBe(0)
    })
})

/** How a connection ends whose peer sends the frames, each as a network read of its own, and nothing more. */
async function closeCode(...frames: Buffer[]): Promise<number> {
    const client = await reading()
    for (const frame of frames) client.peer.pipe.push(frame)
    await client.peer.pipe.consumed()
    return (await client.finish()).code
}

// RFC 6455, 8.1
describe("a text", () => {
    const good = "κόσμε €\u{1f600}"

    test("of one frame may have any characters", async () => {
        const client = await connected()
        client.peer.pipe.push(text(good))
        expectText((await client.ws.recv()).text(), good)
        await client.finish()
    })

    test("may have its fragments cut inside of characters", async () => {
        const client = await connected()
        const data = Buffer.from(good)
        for (let i = 0; i <= data.length; ++i) {
            client.peer.pipe.push(textStart(data.slice(0, i)))
            client.peer.pipe.push(more(""))
            client.peer.pipe.push(lastPart(data.slice(i)))
            expectText((await client.ws.recv()).text(), good)
        }
        await client.finish()
    })

    test("that is not UTF-8 ends the connection with 1007", async () => {
        for (const bad of ["ff", "61c0af", "eda08061", "f4908080", "efbf"]) {
            const data = Buffer.from(bad, "hex")
            expect(await closeCode(text(data))).toBe(1007)
            expect(await closeCode(textStart(data), lastPart(""))).toBe(1007)
            expect(await closeCode(textStart("a"), lastPart(data))).toBe(1007)
            expect(
                await closeCode(
                    textStart(data.slice(0, 1)),
                    lastPart(data.slice(1))
                )
            ).toBe(1007)
        }
    })

    test("longer than a network read is checked to its end", async () => {
        const data = Buffer.alloc(3000)
        data.fillAt(0, 3000, 0x61)
        data[2999] = 0xc3
        const frame = text(data)
        expect(await closeCode(frame.slice(0, 1460), frame.slice(1460))).toBe(
            1007
        )
        data[2998] = 0xc3
        data[2999] = 0xa4
        const valid = text(data)
        expect(await closeCode(valid.slice(0, 3003), valid.slice(3003))).toBe(
            1006
        )
    })

    // Autobahn 6.4: the rest of a text that went wrong is not waited for
    test("fails at the first byte that can't be continued", async () => {
        const expected = [
            ["cebae1bdb9cf83cebcceb5f4", "90"],
            ["cebaed", "a0"],
            ["61", "80"],
            ["", "c0"],
            ["f0", "8f"],
        ]
        for (const pair of expected) {
            const client = await reading()
            const { pipe } = client.peer
            const start = text(Buffer.from(pair[0] + pair[1] + "616161", "hex"))
            const at = 2 + pair[0].length / 2
            pipe.push(start.slice(0, at))
            await pipe.consumed()
            expect(pipe.available()).toBe(0)
            pipe.push(start.slice(at, at + 1))
            const { payload } = await client.peer.frame()
            expectText(payload.slice(0, 2).toString("hex"), "03ef")
            expect((await client.finish()).code).toBe(1007)
        }
    })

    test("is not mixed up with the next one's bytes", async () => {
        const client = await connected()
        client.peer.pipe.push(
            Buffer.concat(text("ä"), text("b"), textStart("ö"), lastPart("ü"))
        )
        for (const expected of ["ä", "b", "öü"])
            expectText((await client.ws.recv()).text(), expected)
        await client.finish()
    })
})

describe("a close reason", () => {
    test("is UTF-8, or the connection ends with 1007", async () => {
        expect(await closeCode(closing(1000, "ä€\u{1f600}"))).toBe(1000)
        expect(await closeCode(closing(1000, "ä").slice(0, 4), hex``)).toBe(
            1006
        )
        const bad = closing(1000, "abc")
        for (const byte of [0xff, 0xc3, 0x80]) {
            bad[6] = byte
            expect(await closeCode(bad)).toBe(1007)
        }
    })
})
