import { describe, expect, test } from "@devicescript/test"
import { ProtocolError } from "../../src/protocol/codes"
import { WebSocketOptions } from "../../src/websocket/websocket"
import { expectError, expectText } from "./check"
import { acceptance, headerOf, ping, text } from "./frames"
import { Connection, show } from "./peer"
import {
    add,
    expectFailure,
    expectOpen,
    refusal,
    replace,
    swap,
} from "./replies"

/** What the WebSocket asks for. */
async function requestOf(
    options?: WebSocketOptions,
    url?: string
): Promise<string> {
    const connection = new Connection(options, url)
    const request = await (await connection.dialed()).readRequest()
    await connection.finish()
    return request
}

/** The options can't be sent; nothing is. */
async function expectRefused(options: WebSocketOptions, url?: string) {
    const connection = new Connection(options, url)
    const peer = await connection.dialed()
    expectError((await connection.ended()).error, RangeError, "")
    expect(peer.pipe.available()).toBe(0)
    expect(peer.pipe.closed).toBe(true)
}

/** The WebSocket opens and takes the frame behind the reply, however both are cut. */
async function expectGreeting(cut: (bytes: Buffer) => Buffer[]) {
    const connection = new Connection()
    const peer = await connection.dialed()
    const reply = Buffer.from(acceptance(await peer.readRequest()))
    for (const piece of cut(reply.concat(text("Hi")))) peer.pipe.push(piece)
    expectText(show(await connection.ws.recv()), 'text "Hi"')
    await connection.finish()
}

/** Cuts bytes in two, one byte later each time. */
class Cut {
    at = 0
    /** Of the bytes. */
    length = 1

    next(bytes: Buffer): Buffer[] {
        this.at++
        this.length = bytes.length
        return [bytes.slice(0, this.at), bytes.slice(this.at)]
    }
}

/**
 * How the handshake ends when lines fill the reply up to a size; undefined when it is accepted.
 * @param line what each line starts with
 * @param length of each line
 */
async function errorAfterLong(
    size: number,
    line: string,
    length: number
): Promise<any> {
    const connection = new Connection()
    const peer = await connection.dialed()
    const good = acceptance(await peer.readRequest())
    const start = good.indexOf("\n") + 1
    const end = size - (good.length - start)
    const reply = Buffer.alloc(size)
    reply.fillAt(0, size, 0x20)
    reply.blitAt(0, good, 0, start)
    reply.blitAt(end, good, start, good.length - start)
    // the first line is a header, so that others may be folds of it
    reply.blitAt(start, "X:\r\n", 0, 4)
    for (let at = start + 4; at < end;) {
        reply.blitAt(at, line, 0, line.length)
        at = end - at < 2 * length ? end : at + length
        reply.blitAt(at - 2, "\r\n", 0, 2)
    }
    peer.pipe.push(reply)
    peer.pipe.push(ping("open?"))
    const frame = await peer.frame()
    const { error } = await connection.finish()
    return frame ? undefined : error
}

// RFC 6455, 4.1
describe("the upgrade request", () => {
    test("has the lines of the RFC", async () => {
        const request = await requestOf({}, "ws://a.org:81/chat?x")
        const key = headerOf(request, "Sec-WebSocket-Key")
        expect(key.length).toBe(24)
        expectText(key.slice(22), "==")
        expectText(
            request,
            "GET /chat?x HTTP/1.1\r\nHost: a.org:81\r\n" +
                "Upgrade: websocket\r\nConnection: Upgrade\r\n" +
                `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`
        )
    })

    test("has another key each time", async () => {
        const keys: string[] = []
        for (let i = 0; i < 10; ++i) {
            const key = headerOf(await requestOf(), "Sec-WebSocket-Key")
            expect(keys.indexOf(key)).toBe(-1)
            keys.push(key)
        }
    })

    test("names the subprotocols, the preferred one first", async () => {
        const request = await requestOf({ protocols: ["v2.x", "v1", "V1"] })
        expectText(headerOf(request, "Sec-WebSocket-Protocol"), "v2.x, v1, V1")
        expect(headerOf(await requestOf(), "Sec-WebSocket-Protocol")).toBe(
            undefined
        )
    })

    test("has the origin and headers of one's own", async () => {
        const request = await requestOf({
            origin: "https://a.org",
            headers: {
                "X-One": "a: b;\tc",
                Cookie: "ä=€",
                authorization: "Bearer x",
            },
        })
        expectText(headerOf(request, "Origin"), "https://a.org")
        expectText(headerOf(request, "X-One"), "a: b;\tc")
        expectText(headerOf(request, "Cookie"), "ä=€")
        expectText(headerOf(request, "authorization"), "Bearer x")
    })

    test("can't have headers that the handshake sets itself", async () => {
        for (const name of [
            "Host",
            "UPGRADE",
            "connection",
            "Origin",
            "sec-websocket-key",
            "Sec-WebSocket-Version",
            "Sec-WebSocket-Protocol",
            "Sec-WebSocket-Extensions",
        ]) {
            const headers: Record<string, string> = {}
            headers[name] = "x"
            await expectRefused({ headers })
        }
        await expectRefused(
            { headers: { Authorization: "Bearer x" } },
            "ws://u:p@host/"
        )
    })

    // RFC 9110, 5.1 and 5.5
    test("can't have header names or values that would end the line", async () => {
        for (const name of ["", "a b", "a:", "a\r\nb", "ä", "(a)", "a\u007f"]) {
            const headers: Record<string, string> = {}
            headers[name] = "x"
            await expectRefused({ headers })
        }
        for (const value of ["a\r\nb: c", "a\nb", "\r", "\u0000", "\u007f"])
            await expectRefused({ headers: { a: value } })
        await expectRefused({ origin: "https://a.org\r\nb: c" })
    })

    test("can't have subprotocols that are no tokens, or twice the same", async () => {
        for (const name of ["", "a b", "a,b", "a/b", "ä", "a\r\nb"])
            await expectRefused({ protocols: ["x", name] })
        await expectRefused({ protocols: ["a", "b", "a"] })
    })
})

// RFC 6455, 4.1
describe("the reply", () => {
    test("may be cut at every place, with a frame behind it", async () => {
        const pieces = new Cut()
        while (pieces.at < pieces.length)
            await expectGreeting(bytes => pieces.next(bytes))
    })

    test("may come byte by byte, or at once", async () => {
        await expectGreeting(bytes => {
            const pieces: Buffer[] = []
            for (let i = 0; i < bytes.length; ++i)
                pieces.push(bytes.slice(i, i + 1))
            return pieces
        })
        await expectGreeting(bytes => [bytes])
    })

    test("may have names and values in any case, and white space around values", async () => {
        await expectOpen(swap("Upgrade: w", "UPGRADE:W"))
        await expectOpen(swap("Connection: U", "cOnNeCtIoN:\t u"))
        await expectOpen(swap("WebSocket-Accept: ", "websocket-ACCEPT: \t"))
        await expectOpen(swap("=\r\n", "= \t\r\n"))
    })

    // RFC 9112, 5.2: obs-fold
    test("may have folded lines", async () => {
        await expectOpen(swap("Accept: ", "Accept:\r\n\t "))
        await expectOpen(swap("n: Upgrade", "n: a,\r\n Upgrade\r\n\t,b"))
        await expectOpen(add("X: a\r\n Upgrade: h2"))
    })

    test("may not begin with a folded line", async () => {
        await expectFailure(
            swap("\r\nUpgrade:", "\r\n Upgrade:"),
            "expected websocket"
        )
    })

    // RFC 9112, 2.2
    test("may have lines that end with a line feed alone", async () => {
        await expectOpen(good => {
            let reply = good
            while (reply.indexOf("\r") >= 0) reply = replace(reply, "\r", "")
            return reply
        })
    })

    // RFC 9112, 4
    test("may have any reason, also none", async () => {
        for (const reason of [" ", "", " Wechsel zu ä: ok"])
            await expectOpen(swap(" Switching Protocols", reason))
    })

    test("may have many more headers, or long ones, but not over 8 KB", async () => {
        for (const length of [80, 5, 8000])
            expect(await errorAfterLong(8192, "X:", length)).toBe(undefined)
        for (const size of [8193, 12000])
            expectError(
                await errorAfterLong(size, "X: a", 80),
                ProtocolError,
                "8192"
            )
    })

    test("may be folded often, but not have long values that matter", async () => {
        expect(await errorAfterLong(8192, " ", 4)).toBe(undefined)
        expectError(
            await errorAfterLong(8000, "Upgrade:", 7000),
            ProtocolError,
            "1024"
        )
        let list = "Upgrade"
        while (list.length < 1000) list += ","
        await expectOpen(swap("n: Upgrade", `n: ${list}`))
        await expectFailure(swap("n: Upgrade", `n: ${list}${list}`), "1024")
    })

    // RFC 9110, 15.2
    test("may come after interim ones", async () => {
        const interim =
            "HTTP/1.1 100 Continue\r\n\r\n" +
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\nUpgrade: h2\r\n\r\n"
        await expectOpen(good => interim + good)
        const error = await refusal(interim + "HTTP/1.1 403 No\r\n\r\n")
        expect(error.status).toBe(403)
    })

    // RFC 9110, 7.6.1
    test("may have Upgrade in a list of connection options", async () => {
        for (const list of ["keep-alive, Upgrade", "upgrade,x", "x,UPGRADE ,"])
            await expectOpen(swap("n: Upgrade", `n: ${list}`))
        await expectOpen(add("Connection: keep-alive"))
    })

    test("may choose one of the subprotocols, or none", async () => {
        for (const protocol of ["a", "b", "", undefined]) {
            const connection = new Connection({ protocols: ["a", "b"] })
            await connection.accepted(
                protocol === undefined
                    ? ""
                    : `Sec-WebSocket-Protocol: ${protocol}\r\n`
            )
            expectText(connection.ws.protocol, protocol || "")
            await connection.finish()
        }
    })
})
