import { describe, expect, test } from "@devicescript/test"
import { StreamError } from "../../src/net/stream"
import { HandshakeError } from "../../src/protocol/handshake"
import { expectError, expectPart, expectText } from "./check"
import { acceptance, headerOf } from "./frames"
import { Connection } from "./peer"
import {
    add,
    errorAfter,
    expectFailure,
    refusal,
    replace,
    swap,
} from "./replies"

// RFC 6455, 4.1
describe("the handshake fails", () => {
    test("when the reply is not HTTP/1", async () => {
        for (const line of [
            "SSH-2.0-OpenSSH_9.2",
            "",
            "HTTP/2 101 ",
            "HTTP/1.1",
            "HTTP/1.1 ",
            "HTTP/1.1 abc",
            "HTTP/1.1 99 x",
            "xHTTP/1.1 101 ",
        ])
            await expectFailure(
                swap("HTTP/1.1 101 Switching Protocols", line),
                "status line"
            )
    })

    // RFC 9112, 5
    test("when a line is no header", async () => {
        await expectFailure(add("no header"), "no header")
        await expectFailure(add(": x"), ": x")
    })

    test("without the right Upgrade header", async () => {
        await expectFailure(swap("Upgrade:", "X:"), "Upgrade")
        await expectFailure(swap("Upgrade:", "Upgrade :"), "Upgrade")
        for (const value of ["", "h2c", "websockets", "websocket/13"])
            await expectFailure(swap("websocket", value), "Upgrade")
        await expectFailure(add("Upgrade: h2c"), "Upgrade")
    })

    test("without Upgrade in the Connection header", async () => {
        for (const value of ["", "close", "Upgraded", "no upgrade", "-Upgrade"])
            await expectFailure(swap("n: Upgrade", `n: ${value}`), "Connection")
        await expectFailure(swap("Connection:", "X:"), "Connection")
    })

    test("without the right Sec-WebSocket-Accept, or with two of them", async () => {
        const name = "Sec-WebSocket-Accept"
        await expectFailure(swap(name, "X"), name)
        await expectFailure(swap("=\r\n", "\r\n"), name)
        await expectFailure(swap("=\r\n", "=x\r\n"), name)
        await expectFailure(add(`${name}: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=`), name)
        await expectFailure(good => {
            const accept = headerOf(good, name)
            return replace(good, accept, accept.toLowerCase())
        }, name)
        await expectFailure(good => {
            const accept = headerOf(good, name)
            return replace(good, name, `${name}: ${accept}\r\n${name}`)
        }, name)
    })

    test("with a subprotocol that was not offered", async () => {
        await expectFailure(add("Sec-WebSocket-Protocol: a"), '"a"')
        const options = { protocols: ["a", "b"] }
        for (const name of ["c", "A", "a, b", "ab"])
            await expectFailure(
                add(`Sec-WebSocket-Protocol: ${name}`),
                name,
                options
            )
        await expectFailure(
            add("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b"),
            "subprotocol",
            options
        )
    })

    test("with an extension, as none was offered", async () => {
        for (const name of ["permessage-deflate", "x; y=1"])
            await expectFailure(add(`Sec-WebSocket-Extensions: ${name}`), name)
    })

    test("when the server ends it in between", async () => {
        for (const size of [0, 1, 60]) {
            const connection = new Connection()
            const peer = await connection.dialed()
            const reply = acceptance(await peer.readRequest())
            if (size) peer.say(reply.slice(0, size))
            const { error, code, wasClean } = await connection.finish()
            expectError(error, StreamError, "handshake")
            expect(code).toBe(1006)
            expect(wasClean).toBe(false)
        }
    })
})

// RFC 6455, 4.1: with any other status than 101 the reply is plain HTTP
describe("a refusal", () => {
    test("has its status and reason", async () => {
        for (const status of [200, 204, 400, 401, 403, 404, 426, 500, 503]) {
            const error = await refusal(
                `HTTP/1.1 ${status} No, not ä\r\nContent-Length: 2\r\n\r\n{}`
            )
            expect(error.status).toBe(status)
            expectText(error.reason, "No, not ä")
            expectPart(error.message, `${status} No, not ä`)
        }
    })

    test("is one whatever its headers say", async () => {
        const error = await errorAfter(swap("101", "400"))
        expect(expectError(error, HandshakeError, "400").status).toBe(400)
    })

    // RFC 9110, 15.4
    test("has where to go instead", async () => {
        for (const status of [301, 302, 303, 307, 308]) {
            const error = await refusal(
                `HTTP/1.0 ${status}\r\nLOCATION:  /a?b=c:d \r\n\r\n`
            )
            expect(error.status).toBe(status)
            expectText(error.location, "/a?b=c:d")
            expect(error.isRedirect()).toBe(true)
        }
        for (const status of [200, 300, 304, 404]) {
            const error = await refusal(
                `HTTP/1.1 ${status}\r\nLocation: /a\r\n\r\n`
            )
            expect(error.isRedirect()).toBe(false)
        }
        const nowhere = await refusal("HTTP/1.1 302 Found\r\n\r\n")
        expect(nowhere.isRedirect()).toBe(false)
    })

    // RFC 9110, 10.2.3
    test("has when to come back", async () => {
        const error = await refusal(
            "HTTP/1.1 503 Busy\r\nretry-after: 120\r\n\r\n"
        )
        expectText(error.retryAfter, "120")
        expect(error.location).toBe(undefined)
    })
})
