import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { StreamError } from "../../src/net/stream"
import { Signal } from "../../src/fiber/signal"
import { OPEN, WebSocketOptions } from "../../src/websocket/websocket"
import { expectError, expectReject, expectText } from "./check"
import { binary, ping, pong, text } from "./frames"
import {
    connected,
    Connection,
    sending,
    showEnd,
    showFrame,
    Task,
} from "./peer"
import { settle } from "./pipe"

const HASTY = { interval: 20, timeout: 200 }

/** Waits for a Ping of the WebSocket. @returns its payload */
async function pinged(connection: Connection): Promise<Buffer> {
    const frame = await connection.peer.frame()
    expect(frame.head).toBe(0x89)
    return frame.payload
}

function pingTask(connection: Connection, timeout: number): Task<number> {
    return new Task(async () => await connection.ws.ping(timeout))
}

/** Numbered messages of a kilobyte. */
function kilobyte(number: number): Buffer {
    const data = Buffer.alloc(1000)
    data[0] = number
    return binary(data)
}

describe("while the link takes nothing", () => {
    test("messages still arrive", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        peer.pipe.allow(0)
        const task = sending(ws, "out")
        for (const message of ["a", "b"]) {
            peer.pipe.push(text(message))
            expectText((await ws.recv()).text(), message)
        }
        expect(task.isDone).toBe(false)
        peer.pipe.allow(undefined)
        await task.result()
        expectText(showFrame(await peer.frame()), "81 out")
        await connection.finish()
    })

    // RFC 6455, 5.5.3: the last Ping is the one to answer
    test("Pings are kept, the last ones of many, and answered afterwards", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        peer.pipe.allow(0)
        const task = sending(ws, "out")
        await settle()
        for (let i = 0; i < 20; ++i) peer.pipe.push(ping(`${i}`))
        await peer.pipe.consumed()
        peer.pipe.allow(undefined)
        await task.result()
        expectText(showFrame(await peer.frame()), "81 out")
        let count = 1
        while (showFrame(await peer.frame()) !== "8a 19") count++
        expect(count <= 8).toBe(true)
        expect(peer.pipe.available()).toBe(0)
        await connection.finish()
    })
})

describe("while nobody takes the messages", () => {
    test("no more is read than some kilobytes, and nothing is lost", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        for (let i = 0; i < 12; ++i) peer.pipe.push(kilobyte(i))
        await settle()
        expect(peer.pipe.unread() >= 6).toBe(true)
        for (let i = 0; i < 12; ++i) expect((await ws.recv()).data[0]).toBe(i)
        await connection.finish()
    })

    test("because the handler is busy, neither", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        const goOn = new Signal()
        let busy = true
        let got = ""
        ws.onmessage.subscribe(async message => {
            while (busy) await goOn.wait()
            got += `${message.data[0]} `
        })
        for (let i = 0; i < 12; ++i) peer.pipe.push(kilobyte(i))
        await settle()
        expect(peer.pipe.unread() >= 6).toBe(true)
        busy = false
        goOn.notify()
        await peer.pipe.consumed()
        await connection.finish()
        expectText(got, "0 1 2 3 4 5 6 7 8 9 10 11 ")
    })

    test("the connection can be closed", async () => {
        const connection = await connected({ closeTimeout: 20 })
        const { ws, peer } = connection
        for (let i = 0; i < 12; ++i) peer.pipe.push(kilobyte(i))
        await settle()
        await ws.close()
        expectText(showFrame(await peer.frame()), "close")
        expect(peer.pipe.closed).toBe(true)
    })

    test("the heartbeat does not end the connection", async () => {
        const connection = await connected({ heartbeat: HASTY })
        const { ws, peer } = connection
        for (let i = 0; i < 12; ++i) peer.pipe.push(kilobyte(i))
        await ds.sleep(300)
        expect(ws.readyState).toBe(OPEN)
        for (let i = 0; i < 12; ++i) expect((await ws.recv()).data[0]).toBe(i)
        await connection.finish()
    })
})

/** The heartbeat pings a silent peer, takes anything for an answer, and gives it up when none comes. */
async function expectHeartbeat() {
    const connection = await connected({ heartbeat: HASTY })
    const { ws, peer } = connection
    peer.pipe.push(pong(await pinged(connection)))
    peer.pipe.push(text((await pinged(connection)).toString("hex")))
    await pinged(connection)
    const end = await connection.ended()
    expectText(showEnd(end), 'torn 1006 "" StreamError')
    expectError(end.error, StreamError, "no sign of life")
    expect(peer.pipe.closed).toBe(true)
    expect(peer.pipe.available()).toBe(0)
    expect(ws.rtt >= 0).toBe(true)
}

// RFC 6455, 5.5.2
describe("the heartbeat", () => {
    test("pings a silent peer, and gives up when nothing comes back", async () => {
        await expectHeartbeat()
    })

    test("works after 25 days, too", async () => {
        const clock: any = ds
        const millis = ds.millis
        clock.millis = () => millis() + 25 * 24 * 3600 * 1000
        try {
            expect(ds.millis() > 0x7fffffff).toBe(true)
            await expectHeartbeat()
            await expectSilentHandshake()
        } finally {
            clock.millis = millis
        }
    })

    test("gives a link up that takes nothing", async () => {
        const connection = await connected({ heartbeat: HASTY })
        connection.peer.pipe.allow(0)
        const task = sending(connection.ws, "x")
        const end = await connection.ended()
        expectError(end.error, StreamError, "no sign of life")
        await expectReject(async () => await task.result(), StreamError, "send")
    })

    test("waits for a long message that is on its way", async () => {
        const connection = await connected({
            heartbeat: { interval: 20, timeout: 300 },
        })
        const { ws, peer } = connection
        peer.pipe.allow(1)
        const task = sending(ws, Buffer.alloc(12 * 1024))
        const frame = new Task(async () => await peer.frame())
        for (let i = 0; i < 12; ++i) {
            await ds.sleep(40)
            peer.pipe.allow(1)
        }
        peer.pipe.allow(undefined)
        await task.result()
        expect((await frame.result()).payload.length).toBe(12 * 1024)
        await pinged(connection)
        await connection.finish()
    })

    test("can be left out", async () => {
        const connection = await connected({ heartbeat: null })
        await ds.sleep(60)
        expect(connection.peer.pipe.available()).toBe(0)
        expectText(showEnd(await connection.finish()), 'torn 1006 ""')
    })
})

describe("ping", () => {
    test("gives the time until the Pong to it, and no other", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        expect(ws.rtt).toBe(undefined)
        const task = pingTask(connection, 60000)
        const payload = await pinged(connection)
        peer.pipe.push(pong(""))
        peer.pipe.push(pong("xxxx"))
        peer.pipe.push(pong(payload.concat(hex`00`)))
        await peer.pipe.consumed()
        await settle()
        expect(task.isDone).toBe(false)
        expect(ws.rtt).toBe(undefined)
        peer.pipe.push(pong(payload))
        expect((await task.result()) >= 0).toBe(true)
        expect(ws.rtt >= 0).toBe(true)
        await connection.finish()
    })

    test("gives nothing when no Pong comes in time", async () => {
        for (const writes of [undefined, 0]) {
            const connection = await connected({ heartbeat: null })
            connection.peer.pipe.allow(writes)
            expect(await connection.ws.ping(20)).toBe(undefined)
            expect(connection.ws.readyState).toBe(OPEN)
            await connection.finish()
        }
    })

    test("gives nothing when the connection ends", async () => {
        const connection = await connected()
        const task = pingTask(connection, 60000)
        await pinged(connection)
        await connection.finish()
        expect(await task.result()).toBe(undefined)
        await expectReject(
            async () => await connection.ws.ping(),
            StreamError,
            "not open"
        )
    })

    test("may be called by several at a time", async () => {
        const connection = await connected()
        const tasks = [pingTask(connection, 60000), pingTask(connection, 60000)]
        for (let i = 0; i < 2; ++i)
            connection.peer.pipe.push(pong(await pinged(connection)))
        for (const task of tasks) expect((await task.result()) >= 0).toBe(true)
        await connection.finish()
    })
})

/** The handshake ends when the server does not answer. */
async function expectSilentHandshake(writes?: number) {
    const options: WebSocketOptions = { handshakeTimeout: 20 }
    const connection = new Connection(options)
    connection.network.writes = writes
    await connection.dialed()
    const end = await connection.ended()
    expectError(end.error, StreamError, "no answer to the handshake")
    expect(connection.peer.pipe.closed).toBe(true)
    expect(connection.network.dialed[0].timeout).toBe(20)
}

describe("the handshake", () => {
    test("gives a silent server up", async () => {
        await expectSilentHandshake()
    })

    test("gives up when the request can't be sent", async () => {
        await expectSilentHandshake(0)
    })
})
