import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { FIN, MASK, OP_BINARY, OP_PING } from "../../src/protocol/codes"
import { WebSocketOptions } from "../../src/websocket"
import { expectBytes, expectText } from "./check"
import {
    binary,
    frame,
    frameHead,
    lastPart,
    more,
    pattern,
    ping,
    pong,
    text,
    textStart,
} from "./frames"
import { connected, Connection, show, showFrame } from "./peer"

/** The outcome when the peer just ends the connection. */
const END = "1006"

/** Messages, what the WebSocket sent, and the close code, after the peer has sent the pieces and ended the connection. */
async function outcome(
    pieces: Buffer[],
    options?: WebSocketOptions
): Promise<string> {
    const connection = await connected(options)
    const { ws, peer } = connection
    for (const piece of pieces) peer.pipe.push(piece)
    peer.pipe.push(ping("end"))
    let sent = ""
    for (;;) {
        const frame = showFrame(await peer.frame())
        if (frame === "8a end") break
        sent += `> ${frame}; `
        if (frame.slice(0, 5) === "close") break
    }
    const { code, reason } = await connection.finish()
    let result = ""
    for (;;) {
        const message = await ws.recv()
        if (!message) break
        result += show(message) + "; "
    }
    return result + sent + code + (reason ? ` ${reason}` : "")
}

/** The outcome is the same for the bytes in one piece, byte by byte, and cut in two at every place. */
async function expectOutcome(
    bytes: Buffer,
    expected: string,
    options?: WebSocketOptions
) {
    expectText(await outcome([bytes], options), expected)
    const single: Buffer[] = []
    for (let i = 0; i < bytes.length; ++i) single.push(bytes.slice(i, i + 1))
    expectText(await outcome(single, options), expected)
    for (let i = 1; i < bytes.length; ++i)
        expectText(
            await outcome([bytes.slice(0, i), bytes.slice(i)], options),
            expected
        )
}

/**
 * The bytes end the connection with a code and a reason that the peer is told, too; nothing behind them is taken.
 * @param before the outcome up to there
 */
async function expectFailure(
    bytes: Buffer,
    code: number,
    reason: string,
    options?: WebSocketOptions,
    before = ""
) {
    await expectOutcome(
        bytes.concat(text("late")),
        `${before}> close ${code} ${reason}; ${code} ${reason}`,
        options
    )
}

function join(...frames: Buffer[]): Buffer {
    return Buffer.concat(...frames)
}

/** The frame's header with a payload length in 16 bits or 64 bits. */
function longHead(length: string): Buffer {
    return Buffer.from(
        `${length.length === 4 ? "827e" : "827f"}${length}`,
        "hex"
    )
}

/** Receives a frame of any length in slices; checks the bytes. */
async function receiveLong(connection: Connection, length: number) {
    const { ws, peer } = connection
    const data = pattern(1004)
    peer.pipe.push(frameHead(FIN | OP_BINARY, length))
    let pushed = 0
    let received = 0
    while (received < length) {
        if (pushed === received) {
            const size = Math.min(length - pushed, data.length)
            peer.pipe.push(data.slice(0, size))
            pushed += size
        }
        const slice = await ws.recvSlice()
        expect(slice.isText).toBe(false)
        expect(slice.first).toBe(received === 0)
        const at = received % data.length
        expectBytes(slice.data, data.slice(at, at + slice.data.length))
        received += slice.data.length
        expect(slice.last).toBe(received === length)
        expect(slice.frameEnd).toBe(slice.last)
        await ds.sleep(0)
    }
}

// RFC 6455, 5.6 and 5.2
describe("messages", () => {
    test("of text and bytes arrive wherever the network cuts them", async () => {
        await expectOutcome(
            join(text("Hello"), binary(hex`0001feff`), text("!")),
            `text "Hello"; binary 0001feff; text "!"; ${END}`
        )
    })

    test("may be empty", async () => {
        await expectOutcome(
            join(text(""), binary(hex``), text("a"), text("")),
            `text ""; binary ; text "a"; text ""; ${END}`
        )
    })

    test("have lengths of 7 and 16 bits", async () => {
        for (const length of [1, 125, 126, 127]) {
            const data = pattern(length)
            await expectOutcome(
                binary(data),
                `binary ${data.toString("hex")}; ${END}`
            )
        }
    })

    test("have lengths of 16 and 64 bits, at the borders and beyond the memory", async () => {
        const connection = await connected({ slices: true })
        for (const length of [65535, 65536, 70000])
            await receiveLong(connection, length)
        await connection.finish()
    })
})

// RFC 6455, 5.4
describe("fragments", () => {
    test("make one message", async () => {
        await expectOutcome(
            join(textStart("Hel"), more("l"), lastPart("o"), text("x")),
            `text "Hello"; text "x"; ${END}`
        )
        await expectOutcome(
            join(frame(OP_BINARY, hex`00ff`), lastPart(hex`80`)),
            `binary 00ff80; ${END}`
        )
    })

    test("may be empty", async () => {
        await expectOutcome(
            join(textStart(""), more(""), more("ab"), more(""), lastPart("")),
            `text "ab"; ${END}`
        )
        await expectOutcome(
            join(textStart(""), lastPart(""), text("a")),
            `text ""; text "a"; ${END}`
        )
    })

    test("show as such in slices", async () => {
        const connection = await connected({ slices: true })
        const { ws, peer } = connection
        peer.pipe.push(join(textStart("ab"), more(""), lastPart("c")))
        peer.pipe.push(text("d"))
        let shown = ""
        for (let i = 0; i < 4; ++i) {
            const slice = await ws.recvSlice()
            const { data, first, last, frameEnd } = slice
            expect(slice.isText).toBe(true)
            shown += `${data.toString()} ${first} ${frameEnd} ${last}; `
        }
        expectText(
            shown,
            "ab true true false;  false true false; c false true true; d true true true; "
        )
        await connection.finish()
    })

    test("may have control frames between them", async () => {
        await expectOutcome(
            join(textStart("a"), ping("p"), more("b"), pong(""), ping("q")),
            `> 8a p; > 8a q; ${END}`
        )
        await expectOutcome(
            join(textStart("a"), ping(""), lastPart("b"), text("c")),
            `text "ab"; text "c"; > 8a ; ${END}`
        )
    })

    test("need a first one", async () => {
        const reason = "continuation without a message"
        await expectFailure(more("a"), 1002, reason)
        await expectFailure(lastPart(""), 1002, reason)
        await expectFailure(
            join(textStart("a"), lastPart("b"), lastPart("c")),
            1002,
            reason,
            undefined,
            'text "ab"; '
        )
    })

    test("end before the next message starts", async () => {
        const reason = "new message inside a fragmented one"
        await expectFailure(join(textStart("a"), text("b")), 1002, reason)
        await expectFailure(join(textStart(""), binary(hex`00`)), 1002, reason)
    })
})

// RFC 6455, 5.5.2 and 5.5.3
describe("control frames", () => {
    test("Ping is answered with its payload, of up to 125 bytes", async () => {
        await expectOutcome(
            join(ping(""), text("a"), ping("Hello")),
            `text "a"; > 8a ; > 8a Hello; ${END}`
        )
        const long = pattern(125)
        for (let i = 0; i < long.length; ++i) long[i] &= 0x7f
        await expectOutcome(ping(long), `> 8a ${long.toString()}; ${END}`)
    })

    test("Pong without a Ping is no message and no error", async () => {
        await expectOutcome(
            join(pong(""), pong("Hello"), text("a")),
            `text "a"; ${END}`
        )
    })

    test("may not be fragmented", async () => {
        for (const opcode of [8, 9, 10])
            await expectFailure(
                frame(opcode, ""),
                1002,
                "fragmented control frame"
            )
    })

    test("may not be longer than 125 bytes", async () => {
        for (const opcode of [8, 9, 10]) {
            await expectFailure(
                frameHead(FIN | opcode, 126),
                1002,
                "control frame with 126 bytes"
            )
            await expectFailure(
                frameHead(FIN | opcode, 65536),
                1002,
                "control frame with 65536 bytes"
            )
        }
    })
})

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
            join(textStart("a"), frame(FIN | 0x40, "b")),
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
            join(text("123456"), textStart("123"), lastPart("456")),
            `text "123456"; text "123456"; ${END}`,
            options
        )
        const reason = "message of 7 bytes, at most 6 allowed"
        await expectFailure(text("1234567"), 1009, reason, options)
        await expectFailure(
            join(textStart("123"), lastPart("4567")),
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
            join(textStart("a"), lastPart("b"), textStart("c"), lastPart("")),
            `text "ab"; text "c"; ${END}`,
            options
        )
        await expectFailure(
            join(textStart("a"), more(""), lastPart("")),
            1008,
            "message with more than 2 fragments",
            options
        )
    })
})
