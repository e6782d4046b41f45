import { describe, expect, test } from "@devicescript/test"
import { FIN, MASK, OP_BINARY, OP_PING } from "../../src/protocol/codes"
import { expectBytes } from "./check"
import { frame, frameHead, lastPart, more, text, textStart } from "./frames"
import { END, expectFailure, expectOutcome } from "./outcome"
import { connected } from "./peer"

/** The frame's header with a payload length in 16 bits or 64 bits. */
function longHead(length: string): Buffer {
    return Buffer.from(
        `${length.length === 4 ? "827e" : "827f"}${length}`,
        "hex"
    )
}

// RFC 6455, 5.2
describe("a frame is refused", () => {
    test("with any reserved bit", async () => {
        for (const bit of [0x40, 0x20, 0x10])
            for (const opcode of [1, 2, 9])
                await expectFailure(
                    frame(FIN | bit | opcode, ""),
                    1002,
                    "reserved bits set without an extension"
                )
        await expectFailure(
            Buffer.concat(textStart("a"), frame(FIN | 0x40, "b")),
            1002,
            "reserved bits set without an extension"
        )
    })

    test("with any reserved opcode", async () => {
        for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
            await expectFailure(
                frame(FIN | opcode, ""),
                1002,
                `reserved opcode ${opcode}`
            )
    })

    // RFC 6455, 5.1
    test("with a mask", async () => {
        for (const head of [FIN | OP_BINARY, FIN | OP_PING]) {
            const masked = Buffer.from([head, MASK | 1, 0, 0, 0, 0, 65])
            await expectFailure(masked, 1002, "masked frame from the server")
        }
    })

    test("with a length that is not in its shortest form", async () => {
        for (const length of ["0000", "0001", "007d"])
            await expectFailure(
                longHead(length),
                1002,
                `length ${parseInt("0x" + length)} in 16 bits`
            )
        for (const length of ["0000000000000000", "000000000000ffff"])
            await expectFailure(
                longHead(length),
                1002,
                `length ${length.slice(-4) === "ffff" ? 65535 : 0} in 64 bits`
            )
    })

    test("with the length's top bit set", async () => {
        await expectFailure(
            longHead("8000000000000001"),
            1002,
            "length with the top bit set"
        )
    })

    test("at its first wrong byte", async () => {
        for (const byte of [0xc1, 0x83, 0x09, 0x00]) {
            const connection = await connected()
            const { pipe } = connection.peer
            pipe.push(Buffer.from([byte]))
            await pipe.consumed()
            expect((await connection.peer.frame()).head).toBe(0x88)
            expect((await connection.finish()).code).toBe(1002)
        }
    })
})

describe("limits", () => {
    // RFC 6455, 7.4.1: 1009
    test("a message may be as long as maxMessage, and not one byte longer", async () => {
        const options = { maxMessage: 6 }
        await expectOutcome(
            Buffer.concat(text("123456"), textStart("123"), lastPart("456")),
            `text "123456"; text "123456"; ${END}`,
            options
        )
        const reason = "message of 7 bytes, at most 6 allowed"
        await expectFailure(text("1234567"), 1009, reason, options)
        await expectFailure(
            Buffer.concat(textStart("123"), lastPart("4567")),
            1009,
            reason,
            options
        )
    })

    test("a long message is refused by its header, before anything is kept", async () => {
        for (const length of [16385, 65536, 0x7fffffff, 0x1000000000]) {
            const connection = await connected()
            connection.peer.pipe.push(frameHead(FIN | OP_BINARY, length))
            await connection.peer.pipe.consumed()
            expect((await connection.finish()).code).toBe(1009)
        }
    })

    test("lengths that a number can't hold are too long even without a limit", async () => {
        for (const length of ["0020000000000000", "7fffffffffffffff"]) {
            const connection = await connected({ slices: true })
            connection.peer.pipe.push(longHead(length))
            await connection.peer.pipe.consumed()
            expect((await connection.finish()).code).toBe(1009)
        }
    })

    test("without a limit a frame may announce any other length", async () => {
        const connection = await connected({ slices: true })
        connection.peer.pipe.push(longHead("001fffffffffffff"))
        connection.peer.pipe.push(hex`01`)
        const slice = await connection.ws.recvSlice()
        expectBytes(slice.data, hex`01`)
        expect(slice.last).toBe(false)
        await connection.finish()
    })

    test("a message may have as many fragments as maxFragments", async () => {
        const options = { maxFragments: 2 }
        await expectOutcome(
            Buffer.concat(
                textStart("a"),
                lastPart("b"),
                textStart("c"),
                lastPart("")
            ),
            `text "ab"; text "c"; ${END}`,
            options
        )
        await expectFailure(
            Buffer.concat(textStart("a"), more(""), lastPart("")),
            1008,
            "message with more than 2 fragments",
            options
        )
    })
})
