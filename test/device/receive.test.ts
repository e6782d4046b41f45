import { describe, expect, test } from "@devicescript/test"
import { FIN, OP_BINARY } from "../../src/protocol/codes"
import { slices } from "../../src/websocket/slices"
import { expectBytes, expectText, breathe } from "./check"
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
import { END, expectFailure, expectOutcome } from "./outcome"
import { Client, connected } from "./client"

/** Receives a frame of any length in slices; checks the bytes. */
async function receiveLong(client: Client, length: number) {
    const { ws, peer } = client
    const reader = slices(ws)
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
        const slice = await reader.recv()
        expect(slice.isText).toBe(false)
        expect(slice.first).toBe(received === 0)
        const at = received % data.length
        expectBytes(slice.data, data.slice(at, at + slice.data.length))
        received += slice.data.length
        expect(slice.last).toBe(received === length)
        expect(slice.frameEnd).toBe(slice.last)
        await breathe()
    }
}

// RFC 6455, 5.6 and 5.2
describe("messages", () => {
    test("of text and bytes arrive wherever the network cuts them", async () => {
        await expectOutcome(
            Buffer.concat(text("Hello"), binary(hex`0001feff`), text("!")),
            `text "Hello"; binary 0001feff; text "!"; ${END}`
        )
    })

    test("may be empty", async () => {
        await expectOutcome(
            Buffer.concat(text(""), binary(hex``), text("a"), text("")),
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
        const client = await connected()
        for (const length of [65535, 65536, 70000])
            await receiveLong(client, length)
        await client.finish()
    })
})

// RFC 6455, 5.4
describe("fragments", () => {
    test("make one message", async () => {
        await expectOutcome(
            Buffer.concat(
                textStart("Hel"),
                more("l"),
                lastPart("o"),
                text("x")
            ),
            `text "Hello"; text "x"; ${END}`
        )
        await expectOutcome(
            Buffer.concat(frame(OP_BINARY, hex`00ff`), lastPart(hex`80`)),
            `binary 00ff80; ${END}`
        )
    })

    test("may be empty", async () => {
        await expectOutcome(
            Buffer.concat(
                textStart(""),
                more(""),
                more("ab"),
                more(""),
                lastPart("")
            ),
            `text "ab"; ${END}`
        )
        await expectOutcome(
            Buffer.concat(textStart(""), lastPart(""), text("a")),
            `text ""; text "a"; ${END}`
        )
    })

    test("show as such in slices", async () => {
        const client = await connected()
        const { ws, peer } = client
        const reader = slices(ws)
        peer.pipe.push(Buffer.concat(textStart("ab"), more(""), lastPart("c")))
        peer.pipe.push(text("d"))
        let shown = ""
        for (let i = 0; i < 4; ++i) {
            const slice = await reader.recv()
            const { data, first, last, frameEnd } = slice
            expect(slice.isText).toBe(true)
            shown += `${data.toString()} ${first} ${frameEnd} ${last}; `
        }
        expectText(
            shown,
            "ab true true false;  false true false; c false true true; d true true true; "
        )
        await client.finish()
    })

    test("may have control frames between them", async () => {
        await expectOutcome(
            Buffer.concat(
                textStart("a"),
                ping("p"),
                more("b"),
                pong(""),
                ping("q")
            ),
            `> 8a p; > 8a q; ${END}`
        )
        await expectOutcome(
            Buffer.concat(textStart("a"), ping(""), lastPart("b"), text("c")),
            `text "ab"; text "c"; > 8a ; ${END}`
        )
    })

    test("need a first one", async () => {
        const reason = "fragments out of order"
        await expectFailure(more("a"), 1002, reason)
        await expectFailure(lastPart(""), 1002, reason)
        await expectFailure(
            Buffer.concat(textStart("a"), lastPart("b"), lastPart("c")),
            1002,
            reason,
            undefined,
            'text "ab"; '
        )
    })

    test("end before the next message starts", async () => {
        const reason = "fragments out of order"
        await expectFailure(
            Buffer.concat(textStart("a"), text("b")),
            1002,
            reason
        )
        await expectFailure(
            Buffer.concat(textStart(""), binary(hex`00`)),
            1002,
            reason
        )
    })
})

// RFC 6455, 5.5.2 and 5.5.3
describe("control frames", () => {
    test("Ping is answered with its payload, of up to 125 bytes", async () => {
        await expectOutcome(
            Buffer.concat(ping(""), text("a"), ping("Hello")),
            `text "a"; > 8a ; > 8a Hello; ${END}`
        )
        const long = pattern(125)
        for (let i = 0; i < long.length; ++i) long[i] &= 0x7f
        await expectOutcome(ping(long), `> 8a ${long.toString()}; ${END}`)
    })

    test("Pong without a Ping is no message and no error", async () => {
        await expectOutcome(
            Buffer.concat(pong(""), pong("Hello"), text("a")),
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
                "long control frame"
            )
            await expectFailure(
                frameHead(FIN | opcode, 65536),
                1002,
                "long control frame"
            )
        }
    })
})
