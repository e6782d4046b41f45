import { randomBuffer } from "@devicescript/crypto"
import { describe, expect, test } from "@devicescript/test"
import { ProtocolError } from "../../src/protocol/codes"
import { HandshakeError } from "../../src/protocol/handshake"
import { hixie75, hixie76 } from "../../src/hixie/hixie"
import { Version } from "../../src/protocol/session"
import { parseUrl } from "../../src/protocol/url"
import { WebSocketOptions } from "../../src/websocket/websocket"
import { expectError, expectPart, expectText } from "./check"
import { headerOf } from "./frames"
import {
    acceptance75,
    acceptance76,
    readRequest76,
    reply76,
} from "./hixie-peer"
import { Connection, Peer } from "./old-peer"
import { replace } from "./replies"

/** How the handshake ends when the peer serves it like this and then is gone; undefined when it is accepted. */
async function ending(
    version: Version,
    options: WebSocketOptions = {},
    serve: (peer: Peer) => Promise<void>
): Promise<any> {
    options.version = version
    const connection = new Connection(options)
    await serve(await connection.dialed())
    return (await connection.finish()).error
}

interface Case {
    options?: WebSocketOptions
    /** Makes the reply's headers from the good ones. */
    reply?: (good: string) => string
    /** Makes the answer to the keys from the right one. */
    answer?: (right: Buffer) => Buffer
}

/** How the handshake of draft-hixie-76 ends; undefined when it is accepted. */
async function ending76({ options, reply, answer }: Case): Promise<any> {
    return await ending(hixie76(), options, async peer => {
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
    return await ending(hixie75(), options, async peer => {
        const good = acceptance75(await peer.readRequest())
        peer.say(reply ? reply(good) : good)
    })
}

/** A reply with another part breaks the protocol of both versions. */
async function expectWrong(
    part: string,
    by: string,
    why: string,
    options: WebSocketOptions = {}
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
    expectError(error, ProtocolError, "answer to the keys: expected")
}

/** The options can't be sent. */
async function expectRefused(options: WebSocketOptions, why: string) {
    for (const version of [hixie75(), hixie76()]) {
        const error = await ending(version, options, async () => {})
        expectError(error, RangeError, why)
    }
}

// draft-hixie-75, 4.1; draft-hixie-76, 4.1
describe("the request", () => {
    test("of draft-hixie-75 has its headers in the order of the draft", async () => {
        const session = hixie75().session(
            parseUrl("ws://u:p@Example.com:81/demo?x"),
            {
                protocols: ["sample"],
                origin: "https://app.example",
                headers: { Cookie: "a=b", "X-WebSocket-Id": "1" },
            },
            {},
            undefined
        )
        expectText(
            session.open().toString(),
            "GET /demo?x HTTP/1.1\r\n" +
                "Upgrade: WebSocket\r\nConnection: Upgrade\r\n" +
                "Host: example.com:81\r\nOrigin: https://app.example\r\n" +
                "WebSocket-Protocol: sample\r\n" +
                "Authorization: Basic dTpw\r\nCookie: a=b\r\nX-WebSocket-Id: 1\r\n\r\n"
        )
    })

    test("says that it comes from the server's own site when the program gives no origin", async () => {
        const open = (url: string) =>
            hixie76()
                .session(parseUrl(url), {}, {}, randomBuffer)
                .open()
                .toString()
        expectText(headerOf(open("ws://A:8000/"), "Origin"), "http://a:8000")
        expectText(headerOf(open("wss://a/"), "Origin"), "https://a")
    })

    test("can't offer two subprotocols, or what would break it", async () => {
        await expectRefused({ protocols: ["a", "b"] }, "at most one")
        await expectRefused({ protocols: ["a b"] }, "token")
        await expectRefused({ origin: "a\nb" }, "control character")
        await expectRefused({ headers: { Host: "x" } }, "Host")
        for (const name of [
            "Sec-WebSocket-Key1",
            "sec-websocket-key2",
            "WebSocket-Protocol",
        ]) {
            const headers: Record<string, string> = {}
            headers[name] = "x"
            await expectRefused({ headers }, name)
        }
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
        await expectWrong("Origin: http", "Origin: https", "Origin: expected")
        await expectWrong("ocket-Origin:", "ocket-X:", "Origin: expected")
        await expectWrong("ws://peer/", "ws://peer/x", "Location: expected")
        await expectWrong("ws://peer/", "wss://peer/", "Location: expected")
        await expectWrong("ocket-Location:", "X:", "Location: expected")
        await expectWrong("Upgrade: W", "Upgrade: X", "expected websocket")
        await expectWrong("n: Upgrade", "n: close", "expected Upgrade")
        await expectWrong("HTTP/1.1 101", "HTTP/2 101", "status line")
        // the same header twice
        await expectWrong(
            "Connection:",
            "Sec-WebSocket-Origin: http://peer\r\nWebSocket-Origin: http://peer\r\nConnection:",
            "Origin: expected"
        )
    })

    test("has to say the subprotocol that was asked for", async () => {
        const options: WebSocketOptions = { protocols: ["sample"] }
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
            const why = "Protocol: expected sample"
            expectError(await ending76({ options, reply }), ProtocolError, why)
            expectError(await ending75({ options, reply }), ProtocolError, why)
        }
    })

    // The server of the drafts' time that many learnt from always says `sample`.
    test("may say a subprotocol that nobody asked for, which does not count", async () => {
        const connection = new Connection({ version: hixie75() })
        const peer = await connection.dialed()
        peer.say(
            acceptance75(
                await peer.readRequest(),
                "WebSocket-Protocol: sample\r\n"
            )
        )
        await connection.ws.opened()
        expectText(connection.ws.protocol, "")
        await connection.finish()
    })

    test("has to answer the keys", async () => {
        for (const i of [0, 5, 10, 15]) await expectWrongAnswer(i)
        const short = (right: Buffer) => right.slice(0, 15)
        const error = await ending76({ answer: short })
        expectPart(error.message, "closed before the handshake")
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
