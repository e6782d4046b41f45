import { describe, expect, test } from "@devicescript/test"
import { ProtocolError } from "../../src/protocol/codes"
import { HandshakeValue, Reply } from "../../src/protocol/handshake-value"
import {
    DeflateOptions,
    permessageDeflate,
} from "../../src/websocket/permessage-deflate"
import { expectText, expectThrow } from "./check"
import { Client, connected } from "./client"
import { headerOf, text } from "./frames"
import { expectFailed } from "./peer"

const OFFER = "Sec-WebSocket-Extensions: permessage-deflate"

function requestOf(options?: DeflateOptions): string {
    return permessageDeflate(options).request(undefined)
}

function answered(value: HandshakeValue, answer: string): Reply {
    const fields: Record<string, string> = {}
    fields["sec-websocket-extensions"] = answer
    const reply: Reply = { fields, protocol: "" }
    value.reply(reply)
    return reply
}

function expectAgreed(answer: string, options?: DeflateOptions) {
    const { extension } = answered(permessageDeflate(options), answer)
    if (!extension) throw new Error(`expected "${answer}" to be accepted`)
    expect(extension.rsv).toBe(0x40)
}

function expectRefused(answer: string, options?: DeflateOptions) {
    const part = "sec-websocket-extensions"
    const value = permessageDeflate(options)
    expectThrow(() => answered(value, answer), ProtocolError, part)
}

function expectNoWindow(options: DeflateOptions) {
    expectThrow(() => requestOf(options), RangeError, "8 to 15")
}

// RFC 7692, 7.1
describe("the offer", () => {
    test("names the windows, and takeovers that are not wanted", () => {
        const windows = "; server_max_window_bits=10; client_max_window_bits=10"
        expectText(requestOf(), `${OFFER}${windows}\r\n`)
        expectText(
            requestOf({
                serverMaxWindowBits: 8,
                clientMaxWindowBits: 9,
                serverNoContextTakeover: true,
                clientNoContextTakeover: true,
            }),
            `${OFFER}; server_max_window_bits=8; client_max_window_bits=9` +
                "; server_no_context_takeover; client_no_context_takeover\r\n"
        )
    })

    test("names no window of the server's when it may be of any size", () => {
        expectText(
            requestOf({ serverMaxWindowBits: 15, maxMemory: 40_000 }),
            `${OFFER}; client_max_window_bits=10\r\n`
        )
    })

    test("has no windows that do not exist", () => {
        for (const bits of [0, 7, 16, NaN, 9.5]) {
            expectNoWindow({ serverMaxWindowBits: bits })
            expectNoWindow({ clientMaxWindowBits: bits })
        }
    })
})

describe("memory", () => {
    test("is named when the windows need more than there may be", () => {
        requestOf({ serverMaxWindowBits: 13, clientMaxWindowBits: 13 })
        requestOf({ serverMaxWindowBits: 14 })
        expectThrow(
            () => requestOf({ serverMaxWindowBits: 15 }),
            RangeError,
            "windows of 38540 bytes: maxMemory is 24576"
        )
        const options = { clientMaxWindowBits: 12, maxMemory: 9867 }
        expectThrow(() => requestOf(options), RangeError, "9868 bytes")
        options.maxMemory++
        requestOf(options)
    })
})

const NAME = "permessage-deflate"
const SMALL = `${NAME}; server_max_window_bits=10`

describe("the answer", () => {
    test("may be as small as the offer, and smaller", () => {
        for (const bits of [8, 9, 10]) {
            expectAgreed(`${NAME}; server_max_window_bits=${bits}`)
            expectAgreed(`${NAME};server_max_window_bits = "${bits}"`)
            expectAgreed(`${SMALL}; client_max_window_bits=${bits}`)
        }
        expectAgreed(NAME, { serverMaxWindowBits: 15, maxMemory: 40_000 })
    })

    test("may forbid either takeover, asked or not", () => {
        expectAgreed(`${SMALL}; server_no_context_takeover`)
        expectAgreed(
            ` ${SMALL} ;client_no_context_takeover; server_no_context_takeover`,
            { serverNoContextTakeover: true }
        )
    })

    test("may be none", () => {
        const value = permessageDeflate()
        for (const answer of [undefined, ""])
            expect(answered(value, answer).extension).toBe(undefined)
    })

    test("has nothing that the RFC does not let it have", () => {
        for (const wrong of [
            "permessage-deflate2",
            `${SMALL};`,
            `${SMALL}; ; client_no_context_takeover`,
            `${SMALL}; x_webkit`,
            `${SMALL}; server_max_window_bits=10`,
            `${SMALL}; client_no_context_takeover; client_no_context_takeover`,
            `${SMALL}; client_no_context_takeover=1`,
            `${SMALL}; server_no_context_takeover=""`,
            `${SMALL}; client_max_window_bits`,
            `${SMALL}; client_max_window_bits=11`,
            `${SMALL}, permessage-deflate`,
        ])
            expectRefused(wrong)
        for (const bits of ["", "7", "11", "16", "08", "10x", '"10', "1e1"])
            expectRefused(`${NAME}; server_max_window_bits=${bits}`)
        expectRefused(`${NAME}; server_max_window_bits`)
        expectRefused(SMALL, { serverNoContextTakeover: true })
    })
})

// RFC 7692, 7.1.2.1
describe("a server that ignores the size of its window", () => {
    test("fails the connection, and the next one offers nothing", async () => {
        const value = permessageDeflate()
        const options = { handshake: [value] }
        const client = new Client()
        const task = client.opening(options)
        await (await client.dialed()).accept(OFFER + "\r\n")
        await expectFailed(task, ProtocolError, "server_max_window_bits")
        const again = await connected(options)
        const { request, pipe } = again.peer
        expect(headerOf(request, "Sec-WebSocket-Extensions")).toBe(undefined)
        pipe.push(text("plain"))
        expectText((await again.ws.recv()).text(), "plain")
        await again.finish()
    })

    test("is accepted where there is the memory", async () => {
        const value = permessageDeflate({
            clientMaxWindowBits: 8,
            maxMemory: 40_000,
        })
        const client = await connected({ handshake: [value] }, OFFER + "\r\n")
        await client.finish()
    })
})
