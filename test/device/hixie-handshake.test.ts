import { randomBuffer } from "@devicescript/crypto"
import { describe, expect, test } from "@devicescript/test"
import { ProtocolError } from "../../src/protocol/codes"
import { StreamError } from "../../src/net/stream"
import { HandshakeError } from "../../src/protocol/response"
import {
    connectHixie75,
    connectHixie76,
    HixieOptions,
} from "../../src/hixie/connect"
import { request75, request76 } from "../../src/hixie/handshake"
import { parseUrl } from "../../src/protocol/url"
import { basic } from "../../src/websocket/basic"
import { headers } from "../../src/websocket/headers"
import { subprotocols } from "../../src/websocket/subprotocols"
import { expectError, expectText, expectThrow } from "./check"
import { headerOf } from "./frames"
import {
    acceptance75,
    acceptance76,
    connected75,
    readRequest76,
    reply76,
} from "./hixie-peer"
import { Peer, Task } from "./peer"
import { Network } from "./pipe"

/** Replaces the first such part of a text. */
function replace(all: string, part: string, by: string): string {
    const at = all.indexOf(part)
    if (at < 0) throw new Error(`expected "${part}" in "${all}"`)
    return all.slice(0, at) + by + all.slice(at + part.length)
}

/** How the handshake ends when the peer serves it like this and then is gone; undefined when it is accepted. */
async function ending(
    version: number,
    options: HixieOptions,
    serve: (peer: Peer) => Promise<void>
): Promise<any> {
    const { dial, next } = new Network()
    const connect = version === 76 ? connectHixie76 : connectHixie75
    const task = new Task(
        async () => await connect(dial, "ws://peer/", options)
    )
    const peer = new Peer(await next())
    await serve(peer)
    peer.pipe.end()
    try {
        await task.result()
    } catch (e: any) {
        return e
    }
    return undefined
}

interface Case {
    options?: HixieOptions
    /** Makes the reply's headers from the good ones. */
    reply?: (good: string) => string
    /** Makes the answer to the keys from the right one. */
    answer?: (right: Buffer) => Buffer
}

/** How the handshake of draft-hixie-76 ends; undefined when it is accepted. */
async function ending76({ options, reply, answer }: Case): Promise<any> {
    return await ending(76, options, async peer => {
        const key3 = await readRequest76(peer)
        const whole = reply76(peer.request, key3)
        const head = acceptance76(peer.request)
        const tail = whole.slice(head.byteLength)
        peer.pipe.push(
            Buffer.from(reply ? reply(head) : head).concat(
                answer ? answer(tail) : tail
            )
        )
    })
}

/** How the handshake of draft-hixie-75 ends; undefined when it is accepted. */
async function ending75({ options, reply }: Case): Promise<any> {
    return await ending(75, options, async peer => {
        const good = acceptance75(await peer.readRequest())
        peer.say(reply ? reply(good) : good)
    })
}

/** A reply with another part breaks the protocol of both versions. */
async function expectWrong(
    part: string,
    by: string,
    why: string,
    options: HixieOptions = {}
) {
    const reply = (good: string) => replace(good, part, by)
    expectError(await ending76({ options, reply }), ProtocolError, why)
    expectError(await ending75({ options, reply }), ProtocolError, why)
}

/** The answer to the keys with another byte breaks the protocol. */
async function expectWrongAnswer(at: number) {
    const answer = (right: Buffer) => {
        right[at] ^= 1
        return right
    }
    const error = await ending76({ answer })
    expectError(error, ProtocolError, "answer to the keys")
}

/** The options can't be sent. */
function expectRefused(
    options: HixieOptions,
    why: string,
    type: any = RangeError,
    url = "ws://a/"
) {
    expectThrow(() => request75(parseUrl(url), options), type, why)
    expectThrow(
        () => request76(parseUrl(url), options, randomBuffer),
        type,
        why
    )
}

// draft-hixie-75, 4.1; draft-hixie-76, 4.1
describe("the request", () => {
    test("of draft-hixie-75 has its headers in the order of the draft", async () => {
        const request = request75(parseUrl("ws://u:p@Example.com:81/demo?x"), {
            protocol: "sample",
            origin: "https://app.example",
            handshake: [
                basic(),
                headers({ Cookie: "a=b", "X-WebSocket-Id": "1" }),
            ],
        })
        expectText(
            request.bytes.toString(),
            "GET /demo?x HTTP/1.1\r\n" +
                "Upgrade: WebSocket\r\nConnection: Upgrade\r\n" +
                "Host: example.com:81\r\nOrigin: https://app.example\r\n" +
                "WebSocket-Protocol: sample\r\n" +
                "Authorization: Basic dTpw\r\nCookie: a=b\r\nX-WebSocket-Id: 1\r\n\r\n"
        )
    })

    test("says that it comes from the server's own site when the program gives no origin", async () => {
        const open = (url: string) =>
            request76(parseUrl(url), {}, randomBuffer).bytes.toString()
        expectText(headerOf(open("ws://A:8000/"), "Origin"), "http://a:8000")
        expectText(headerOf(open("wss://a/"), "Origin"), "https://a")
    })

    test("can't have what would break it", () => {
        expectRefused({ protocol: "a b" }, "token")
        expectRefused({ origin: "a\nb" }, "control character")
        const names = [
            "Sec-WebSocket-Key1",
            "sec-websocket-key2",
            "WebSocket-Protocol",
            "Origin",
        ]
        names.forEach(name => {
            const fields: Record<string, string> = { A: "b" }
            fields[name] = "x"
            expectRefused({ handshake: [headers(fields)] }, "can't be set")
        })
        expectRefused({ handshake: [subprotocols("a")] }, "can't be set")
        expectRefused({}, "basic()", TypeError, "ws://u:p@a/")
    })
})

// draft-hixie-75, 4.1; draft-hixie-76, 4.1, steps 40 to 45
describe("the reply", () => {
    test("opens the WebSocket when it is right, names in any case", async () => {
        const upper = (good: string) =>
            replace(good, "ocket-Origin", "OCKET-ORIGIN")
        for (const reply of [undefined, upper]) {
            expect(await ending76({ reply })).toBe(undefined)
            expect(await ending75({ reply })).toBe(undefined)
        }
    })

    test("has to say the origin, the URL and the upgrade", async () => {
        await expectWrong("Origin: http", "Origin: https", "origin")
        await expectWrong("ocket-Origin:", "ocket-X:", "websocket-origin")
        await expectWrong("ws://peer/", "ws://peer/x", "websocket-location")
        await expectWrong("ws://peer/", "wss://peer/", "websocket-location")
        await expectWrong("ocket-Location:", "X:", "websocket-location")
        await expectWrong("Upgrade: W", "Upgrade: X", "upgrade")
        await expectWrong("n: Upgrade", "n: close", "connection")
        await expectWrong("HTTP/1.1 101", "HTTP/2 101", "status line")
        // the same header twice
        await expectWrong(
            "Connection:",
            "Sec-WebSocket-Origin: http://peer\r\nWebSocket-Origin: http://peer\r\nConnection:",
            "websocket-origin"
        )
    })

    test("has to say the subprotocol that was asked for", async () => {
        const options: HixieOptions = { protocol: "sample" }
        const named = (name: string) => (good: string) =>
            replace(
                good,
                "Connection:",
                `Sec-WebSocket-Protocol: ${name}\r\nWebSocket-Protocol: ${name}\r\nConnection:`
            )
        const right = named("sample")
        const wrong = named("Sample")
        expect(await ending76({ options, reply: right })).toBe(undefined)
        expect(await ending75({ options, reply: right })).toBe(undefined)
        for (const reply of [undefined, wrong]) {
            const why = "websocket-protocol"
            expectError(await ending76({ options, reply }), ProtocolError, why)
            expectError(await ending75({ options, reply }), ProtocolError, why)
        }
    })

    // The server of the drafts' time that many learnt from always says `sample`.
    test("may say a subprotocol that nobody asked for, which does not count", async () => {
        const { ws } = await connected75("WebSocket-Protocol: sample\r\n")
        expectText(ws.protocol, "")
    })

    test("has to answer the keys", async () => {
        for (const i of [0, 5, 10, 15]) await expectWrongAnswer(i)
        const short = (right: Buffer) => right.slice(0, 15)
        const error = await ending76({ answer: short })
        expectError(error, StreamError, "no answer to the keys")
    })

    test("may refuse", async () => {
        const reply = () => "HTTP/1.1 403 Forbidden\r\n\r\n"
        for (const error of [
            await ending76({ reply }),
            await ending75({ reply }),
        ])
            expect(expectError(error, HandshakeError, "").status).toBe(403)
    })
})
