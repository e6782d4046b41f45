import { describe, expect, test } from "@devicescript/test"
import { FIN, MASK, OP_BINARY, OP_PING } from "../../src/protocol/codes"
import { slices } from "../../src/websocket/slices"
import { expectBytes } from "./check"
import { frame, frameHead, lastPart, more, text, textStart } from "./frames"
import { END, expectFailure, expectOutcome } from "./outcome"
import { connected, reading } from "./client"

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
                    "reserved bits"
                )
        await expectFailure(
            Buffer.concat(textStart("a"), frame(FIN | 0x40, "b")),
            1002,
            "reserved bits"
        )
    })

    test("with any reserved opcode", async () => {
        for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
            await expectFailure(frame(FIN | opcode, ""), 1002, "opcode")
    })

    // RFC 6455, 5.1
    test("with a mask", async () => {
        for (const head of [FIN | OP_BINARY, FIN | OP_PING]) {
            const masked = Buffer.from([head, MASK | 1, 0, 0, 0, 0, 65])
            await expectFailure(masked, 1002, "masked frame")
        }
    })

    test("with a length that is not in its shortest form", async () => {
        for (const length of ["0000", "0001", "007d"])
            await expectFailure(longHead(length), 1002, "length")
        for (const length of ["0000000000000000", "000000000000ffff"])
            await expectFailure(longHead(length), 1002, "length")
    })

    test("with the length's top bit set", async () => {
        await expectFailure(longHead("8000000000000001"), 1002, "length")
    })

    test("at its first wrong byte", async () => {
        for (const byte of [0xc1, 0x83, 0x09, 0x00]) {
            const client = await reading()
            const { pipe } = client.peer
            pipe.push(Buffer.from([byte]))
            await pipe.consumed()
            expect((await client.peer.frame()).head).toBe(0x88)
            expect((await client.finish()).code).toBe(1002)
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
        const reason = "message too big"
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
            const client = await reading()
            client.peer.pipe.push(frameHead(FIN | OP_BINARY, length))
            await client.peer.pipe.consumed()
            expect((await client.finish()).code).toBe(1009)
        }
    })

    test("lengths that a number can't hold are too long even without a limit", async () => {
        for (const length of ["0020000000000000", "7fffffffffffffff"]) {
            const client = await connected()
            slices(client.ws)
            client.peer.pipe.push(longHead(length))
            expect((await client.finish()).code).toBe(1009)
        }
    })

    test("without a limit a frame may announce any other length", async () => {
        const client = await connected()
        const reader = slices(client.ws)
        client.peer.pipe.push(longHead("001fffffffffffff"))
        client.peer.pipe.push(hex`01`)
        const slice = await reader.recv()
        expectBytes(slice.data, hex`01`)
        expect(slice.last).toBe(false)
        await client.finish()
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
            "fragments",
            options
        )
    })
})
