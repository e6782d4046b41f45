import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { StreamError } from "../../src/net/stream"
import { ProtocolError } from "../../src/protocol/codes"
import { HandshakeError } from "../../src/protocol/handshake"
import { Message } from "../../src/protocol/message"
import {
    CLOSED,
    CONNECTING,
    connectOver,
    OPEN,
    WebSocket,
} from "../../src/websocket/websocket"
import { expectBytes, expectError, expectText, expectThrow } from "./check"
import { acceptance, binary, closing, text } from "./frames"
import {
    connected,
    Connection,
    expectFailed,
    Peer,
    sending,
    show,
    showFrame,
    Task,
} from "./peer"
import { Network, settle } from "./pipe"

function opening(network: Network, url = "ws://peer/"): Task<WebSocket> {
    return new Task(async () => await connectOver(network.dial, url))
}

function receiving(ws: WebSocket, timeout?: number): Task<Message> {
    return new Task(async () => await ws.recv(timeout))
}

describe("connecting", () => {
    test("gives an open WebSocket", async () => {
        const network = new Network()
        const task = opening(network)
        const peer = new Peer(await network.next())
        await peer.accept()
        const ws = await task.result()
        expect(ws.readyState).toBe(OPEN)
        expectText(ws.url, "ws://peer/")
        peer.pipe.end()
    })

    test("dials the URL's host and port", async () => {
        const expected = [
            ["ws://a.org/x", "a.org 80 false"],
            ["wss://a.org", "a.org 443 true"],
            ["wss://u:p@[fe80::1]:81/?q", "fe80::1 81 true"],
        ]
        for (const pair of expected) {
            const connection = new Connection({}, pair[0])
            await connection.dialed()
            const { host, port, secure } = connection.network.dialed[0]
            expectText(`${host} ${port} ${secure}`, pair[1])
            await connection.finish()
        }
    })

    test("fails at once with a URL that is none", () => {
        const network = new Network()
        expectThrow(
            () => new WebSocket(network.dial, "http://peer/", {}),
            TypeError,
            "ws://"
        )
        expect(network.dialed.length).toBe(0)
    })

    test("fails with what is to blame", async () => {
        const network = new Network()
        network.refuse("no route")
        await expectFailed(opening(network), StreamError, "no route")
        const refused = opening(network)
        let peer = new Peer(await network.next())
        await peer.readRequest()
        peer.say("HTTP/1.1 403 Forbidden\r\n\r\n")
        await expectFailed(refused, HandshakeError, "403 Forbidden")
        const broken = opening(network)
        peer = new Peer(await network.next())
        await peer.readRequest()
        peer.say("220 smtp\r\n\r\n")
        await expectFailed(broken, ProtocolError, "220 smtp")
    })
})

describe("events", () => {
    test("come in order: open, messages, error, close", async () => {
        const connection = new Connection()
        const { ws } = connection
        let log = ""
        ws.onopen.subscribe(socket => {
            log += `open ${socket === ws}; `
        })
        ws.onmessage.subscribe(message => {
            log += show(message) + "; "
        })
        ws.onerror.subscribe(error => {
            log += `error ${error.name}; `
        })
        ws.onclose.subscribe(end => {
            log += `close ${end.code} ${end.retry} ${ws.readyState}`
        })
        const peer = await connection.dialed()
        expect(ws.readyState).toBe(CONNECTING)
        const reply = Buffer.from(acceptance(await peer.readRequest()))
        peer.pipe.push(
            Buffer.concat(reply, text("a"), binary(hex`00`), hex`8300`)
        )
        await peer.pipe.consumed()
        const end = await connection.finish()
        expect(end.lasted >= 0).toBe(true)
        expectText(
            log,
            `open true; text "a"; binary 00; error ProtocolError; ` +
                `close 1002 undefined ${CLOSED}`
        )
        expectError(ws.error, ProtocolError, "opcode")
    })

    test("reach every handler, slow ones too, one message after the other", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        let log = ""
        ws.onmessage.subscribe(async message => {
            await settle()
            log += message.text()
        })
        ws.onmessage.subscribe(message => {
            log += message.text().toUpperCase()
        })
        peer.pipe.push(Buffer.concat(text("a"), text("b"), text("c")))
        await peer.pipe.consumed()
        await connection.finish()
        expectText(log, "aAbBcC")
    })

    test("reach no handler that has unsubscribed", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        let log = ""
        const first = ws.onmessage.subscribe(message => {
            log += message.text()
            first()
            first()
        })
        ws.onmessage.subscribe(message => {
            log += message.text().toUpperCase()
        })
        peer.pipe.push(Buffer.concat(text("a"), text("b")))
        await peer.pipe.consumed()
        await connection.finish()
        expectText(log, "aAB")
    })

    test("that came before the first handler are for it, in order", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        let log = ""
        peer.pipe.push(Buffer.concat(text("a"), text("b")))
        await peer.pipe.consumed()
        ws.onmessage.subscribe(message => {
            log += message.text()
        })
        peer.pipe.push(text("c"))
        await peer.pipe.consumed()
        await connection.finish()
        expectText(log, "abc")
    })

    test("whose last handler has gone wait for recv", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        let log = ""
        const stop = ws.onmessage.subscribe(message => {
            log += message.text()
            stop()
        })
        peer.pipe.push(Buffer.concat(text("a"), text("b"), text("c")))
        await peer.pipe.consumed()
        expectText((await ws.recv()).text(), "b")
        expectText((await ws.recv()).text(), "c")
        peer.pipe.push(text("d"))
        expectText((await ws.recv()).text(), "d")
        expectText(log, "a")
        await connection.finish()
    })
})

describe("recv", () => {
    test("waits for a message", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        const tasks = [receiving(ws), receiving(ws, 60000)]
        await settle()
        expect(tasks[0].isDone || tasks[1].isDone).toBe(false)
        peer.pipe.push(text("a"))
        peer.pipe.push(binary(hex`ff`))
        expectText(show(await tasks[0].result()), 'text "a"')
        expectText(show(await tasks[1].result()), "binary ff")
        await connection.finish()
    })

    test("gives up after the timeout", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        for (const timeout of [0, 1, 20])
            expect(await ws.recv(timeout)).toBe(undefined)
        peer.pipe.push(text("a"))
        await peer.pipe.consumed()
        expectText((await ws.recv(0)).text(), "a")
        await connection.finish()
    })

    test("gives up in time while messages come that go to somebody else", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        const greedy = new Task(async () => {
            while (await ws.recv());
        })
        await settle()
        const patient = receiving(ws, 20)
        // Each message wakes both; the one that waits longer gets it.
        for (let i = 0; i < 100 && !patient.isDone; ++i) {
            await ds.sleep(5)
            peer.pipe.push(text("a"))
        }
        expect(patient.isDone).toBe(true)
        expect(await patient.result()).toBe(undefined)
        await connection.finish()
        await greedy.result()
    })

    test("gives what came before the end, then null", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        const waiting = receiving(ws)
        peer.pipe.push(Buffer.concat(text("a"), text("b"), closing()))
        expectText((await waiting.result()).text(), "a")
        const more = [receiving(ws), receiving(ws)]
        await connection.finish()
        expectText((await more[0].result()).text(), "b")
        expect(await more[1].result()).toBe(null)
        expect(await ws.recv(20)).toBe(null)
    })

    test("gives the bytes as they came, and the text if it is one", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        peer.pipe.push(text("ä"))
        peer.pipe.push(binary(hex`c3a4`))
        const first = await ws.recv()
        const second = await ws.recv()
        expect(first.isText).toBe(true)
        expectText(first.text(), "ä")
        expectBytes(first.data, hex`c3a4`)
        expect(second.isText).toBe(false)
        expect(second.text()).toBe(undefined)
        expectBytes(second.data, hex`c3a4`)
        await connection.finish()
    })

    test("keeps messages of one network read apart", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        const bytes = Buffer.concat(binary(hex`01`), binary(hex`02`))
        peer.pipe.push(bytes)
        const first = await ws.recv()
        const second = await ws.recv()
        first.data[0] = 9
        expectBytes(second.data, hex`02`)
        expectBytes(bytes, hex`820101820102`)
        await connection.finish()
    })
})

describe("send", () => {
    test("before it is open waits until it is", async () => {
        const connection = new Connection()
        const task = sending(connection.ws, "early")
        await settle()
        expect(task.isDone).toBe(false)
        await connection.accepted()
        await task.result()
        expectText(showFrame(await connection.peer.frame()), "81 early")
        await connection.finish()
    })

    test("before it is open fails when it never opens", async () => {
        const connection = new Connection()
        const task = sending(connection.ws, "early")
        const peer = await connection.dialed()
        await peer.readRequest()
        peer.say("HTTP/1.1 404 Not Found\r\n\r\n")
        await expectFailed(task, HandshakeError, "404")
    })
})
