import { describe, expect, test } from "@devicescript/test"
import { sleep } from "../../src/fiber/clock"
import { notify, Signal, wait } from "../../src/fiber/signal"
import {
    CLOSED,
    CLOSING,
    CONNECTING,
    OPEN,
    WebSocketOptions,
    WebSocketOver,
} from "../../src/websocket/web-socket"
import { expectText, expectThrow } from "./check"
import { binary, closing, headerOf, ping, text } from "./frames"
import { Peer, showFrame } from "./peer"
import { Network, settle } from "./pipe"

/** A WebSocket, its server, and what its handlers were told. */
class Subject {
    readonly network = new Network()
    readonly ws: WebSocketOver
    peer: Peer
    log = ""
    private readonly changed = new Signal()

    constructor(options?: WebSocketOptions, protocols?: string | string[]) {
        const self = this
        const { dial } = this.network
        const ws = new WebSocketOver(dial, "ws://peer/", protocols, options)
        this.ws = ws
        ws.onopen = () => self.note(`open ${ws.readyState}`)
        ws.onmessage = ({ data }) =>
            self.note(
                typeof data === "string" ? data : `<${data.toString("hex")}>`
            )
        ws.onerror = (error: any) => self.note(error.name)
        ws.onclose = ({ code, reason, wasClean }) =>
            self.note(`closed ${code} "${reason}" ${wasClean} ${ws.readyState}`)
    }

    /** The server accepts. */
    async accepted(headers?: string): Promise<Peer> {
        this.peer = new Peer(await this.network.next())
        await this.peer.accept(headers)
        while (this.ws.readyState === CONNECTING) await settle()
        return this.peer
    }

    /** Waits for what the handlers are told. */
    async expectLog(log: string) {
        while (this.log.length < log.length) await wait(this.changed)
        expectText(this.log, log)
    }

    async expectFrames(frames: string[]) {
        for (const frame of frames)
            expectText(showFrame(await this.peer.frame()), frame)
    }

    private note(what: string) {
        this.log += `${what}; `
        notify(this.changed)
    }
}

/** An open one. */
async function opened(options?: WebSocketOptions): Promise<Subject> {
    const subject = new Subject(options)
    await subject.accepted()
    return subject
}

// https://websockets.spec.whatwg.org
describe("a WebSocket as in a browser", () => {
    test("tells when it is open, and which subprotocol the server chose", async () => {
        const subject = new Subject(undefined, ["a", "b"])
        const { ws } = subject
        expect(ws.readyState).toBe(CONNECTING)
        expectText(ws.protocol, "")
        const peer = await subject.accepted("Sec-WebSocket-Protocol: b\r\n")
        expectText(headerOf(peer.request, "Sec-WebSocket-Protocol"), "a, b")
        expectText(ws.protocol, "b")
        expectText(ws.url, "ws://peer/")
        await subject.expectLog("open 1; ")
        expect(ws.readyState).toBe(OPEN)
    })

    test("takes one subprotocol as a text", async () => {
        const { request } = await new Subject(undefined, "a").accepted()
        expectText(headerOf(request, "Sec-WebSocket-Protocol"), "a")
    })

    test("gives messages to its handler, one after the other", async () => {
        const subject = await opened()
        const { ws, peer } = subject
        let atWork = 0
        const { onmessage } = ws
        ws.onmessage = async event => {
            expect(atWork++).toBe(0)
            await sleep(1)
            await onmessage(event)
            atWork--
        }
        peer.pipe.push(text("a"))
        peer.pipe.push(binary(hex`0102`))
        peer.pipe.push(text(""))
        peer.pipe.push(text("€"))
        await subject.expectLog("open 1; a; <0102>; ; €; ")
    })

    test("throws messages away without a handler, and answers Pings", async () => {
        const subject = await opened()
        subject.ws.onmessage = undefined
        for (let i = 0; i < 20; ++i) {
            subject.peer.pipe.push(text("x"))
            subject.peer.pipe.push(ping(`${i}`))
            await subject.expectFrames([`8a ${i}`])
        }
        await subject.expectLog("open 1; ")
    })

    test("sends in order without waiting, and counts the bytes that wait", async () => {
        const subject = await opened()
        const { ws, peer } = subject
        peer.pipe.allow(0)
        ws.send("ä")
        ws.send(hex`010203`)
        ws.send("")
        expect(ws.bufferedAmount).toBe(5)
        await settle()
        expect(ws.bufferedAmount).toBe(5)
        peer.pipe.allow(undefined)
        await subject.expectFrames(["81 ä", "82 \u0001\u0002\u0003", "81 "])
        await settle()
        expect(ws.bufferedAmount).toBe(0)
    })

    test("takes no more than so many bytes before the network does", async () => {
        const subject = await opened({ maxBuffered: 3 })
        const { ws } = subject
        ws.send("abc")
        expectThrow(() => ws.send("d"), RangeError, "3 bytes")
        await subject.expectFrames(["81 abc"])
        await settle()
        ws.send("d")
        await subject.expectFrames(["81 d"])
    })

    test("sends nothing before it is open, nothing behind its end, and only messages", async () => {
        const subject = new Subject()
        const { ws } = subject
        expectThrow(() => ws.send("a"), RangeError, "connecting")
        await subject.accepted()
        expectThrow(() => ws.send(7 as any), TypeError, "send")
        ws.close()
        ws.send("bc")
        expect(ws.bufferedAmount).toBe(2)
        await subject.expectFrames(["close"])
    })

    test("closes behind what it has sent", async () => {
        const subject = await opened()
        const { ws, peer } = subject
        peer.pipe.allow(0)
        ws.send("a")
        ws.send("b")
        ws.close(4000, "bye")
        ws.close(4001)
        expect(ws.readyState).toBe(CLOSING)
        await settle()
        peer.pipe.allow(undefined)
        await subject.expectFrames(["81 a", "81 b", "close 4000 bye"])
        peer.pipe.push(text("late"))
        peer.pipe.push(closing(4000))
        peer.pipe.end()
        await subject.expectLog('open 1; closed 4000 "" true 3; ')
        expectThrow(() => ws.close(999), RangeError, "999")
    })

    test("tells how the server has closed", async () => {
        const subject = await opened()
        subject.peer.pipe.push(text("a"))
        subject.peer.pipe.push(closing(1001, "away"))
        await subject.expectFrames(["close 1001 "])
        subject.peer.pipe.end()
        await subject.expectLog('open 1; a; closed 1001 "away" true 3; ')
    })

    test("tells what broke it", async () => {
        const subject = await opened()
        subject.peer.pipe.fail("cut")
        await subject.expectLog('open 1; StreamError; closed 1006 "" false 3; ')
        const other = new Subject()
        other.network.refuse("no route")
        await other.expectLog('StreamError; closed 1006 "" false 3; ')
        expect(other.ws.readyState).toBe(CLOSED)
    })

    test("tells of a message that could not be sent only that it waits", async () => {
        const subject = await opened()
        subject.peer.pipe.allow(0)
        subject.ws.send("abc")
        await settle()
        subject.peer.pipe.fail("cut")
        await subject.expectLog('open 1; StreamError; closed 1006 "" false 3; ')
        expect(subject.ws.bufferedAmount).toBe(3)
    })

    test("may be closed before it is open", async () => {
        const subject = new Subject()
        subject.ws.close()
        expect(subject.ws.readyState).toBe(CLOSING)
        subject.peer = new Peer(await subject.network.next())
        await subject.peer.accept()
        await subject.expectFrames(["close"])
        subject.peer.pipe.end()
        await subject.expectLog('closed 1006 "" false 3; ')
    })

    test("needs a URL, and subprotocols that are tokens", () => {
        const { dial } = new Network()
        expectThrow(() => new WebSocketOver(dial, "http://x"), TypeError, "URL")
        expectThrow(
            () => new WebSocketOver(dial, "ws://x", ["a b"]),
            RangeError,
            "a b"
        )
    })
})
