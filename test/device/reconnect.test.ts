import { describe, expect, test } from "@devicescript/test"
import { StreamError } from "../../src/net/stream"
import { HandshakeError } from "../../src/protocol/handshake"
import { backoff, BackoffOptions } from "../../src/websocket/reconnect"
import {
    CLOSED,
    CLOSING,
    CONNECTING,
    connectOver,
    OPEN,
} from "../../src/websocket/websocket"
import { expectBytes, expectError, expectReject, expectText } from "./check"
import { closing, headerOf, pattern, text } from "./frames"
import {
    Connection,
    expectFailed,
    Peer,
    sending,
    showFrame,
    Task,
} from "./peer"
import { Network, settle } from "./pipe"

const SOON = { initial: 2, max: 2 }
/** Long enough for the test to act in the pause. */
const LATER = { initial: 600000, max: 600000 }

function reconnecting(options: BackoffOptions): Connection {
    return new Connection({ reconnect: backoff(options), closeTimeout: 20 })
}

/** Has the messages of a queue logged that are given up. */
function dropLog(connection: Connection): string[] {
    const log: string[] = []
    connection.ws.ondrop.subscribe(({ data, reason }) => {
        log.push(`${data} (${reason})`)
    })
    return log
}

async function expectFrames(connection: Connection, frames: string[]) {
    for (const frame of frames)
        expectText(showFrame(await connection.peer.frame()), frame)
}

describe("reconnecting", () => {
    test("opens the WebSocket again, with the same URL and options", async () => {
        const connection = new Connection(
            {
                reconnect: backoff(SOON),
                closeTimeout: 20,
                headers: { Cookie: "x" },
            },
            "ws://u:p@a:81/b?c"
        )
        const { ws } = connection
        let opened = 0
        ws.onopen.subscribe(() => {
            opened++
        })
        const keys: string[] = []
        for (let i = 0; i < 3; ++i) {
            const { request, pipe } = await connection.accepted()
            expectText(request.slice(0, 13), "GET /b?c HTTP")
            expectText(headerOf(request, "Host"), "a:81")
            expectText(headerOf(request, "Authorization"), "Basic dTpw")
            expectText(headerOf(request, "Cookie"), "x")
            const key = headerOf(request, "Sec-WebSocket-Key")
            expect(keys.indexOf(key)).toBe(-1)
            keys.push(key)
            expect(ws.readyState).toBe(OPEN)
            if (i === 1) pipe.fail("cut")
            const end = await connection.finish()
            expect(end.retry >= 0 && end.retry < 2).toBe(true)
            expect(end.code).toBe(1006)
        }
        expect(opened).toBe(3)
        await ws.close()
    })

    test("goes on after the server has closed, too", async () => {
        const connection = reconnecting(SOON)
        await connection.accepted()
        connection.peer.pipe.push(closing(1001))
        await connection.peer.frame()
        const end = await connection.finish()
        expect(end.wasClean).toBe(true)
        expect(end.retry >= 0).toBe(true)
        await connection.accepted()
        await connection.ws.close()
    })

    test("goes on when dialing fails, until it is too often", async () => {
        const connection = reconnecting({ ...SOON, attempts: 2 })
        for (const why of ["1", "2", "3"]) connection.network.refuse(why)
        const { error, retry } = await connection.ended(3)
        expectError(error, StreamError, "3")
        expect(retry).toBe(undefined)
        expect(connection.ends[1].retry >= 0).toBe(true)
        expect(connection.ws.readyState).toBe(CLOSED)
        expect(await connection.ws.recv()).toBe(null)
    })

    test("ends with a refusal that is final", async () => {
        const connection = reconnecting(SOON)
        await connection.accepted()
        await connection.finish()
        const peer = await connection.dialed()
        await peer.readRequest()
        peer.say("HTTP/1.1 401 Unauthorized\r\n\r\n")
        const { error, retry } = await connection.ended(2)
        expectError(error, HandshakeError, "401")
        expect(retry).toBe(undefined)
        expect(connection.ws.readyState).toBe(CLOSED)
    })

    test("ends at once with options that can't be sent", async () => {
        const connection = new Connection({
            reconnect: backoff(SOON),
            headers: { Host: "x" },
        })
        expectError((await connection.ended()).error, RangeError, "Host")
        expect(connection.ends[0].retry).toBe(undefined)
    })

    test("is what connectOver waits for", async () => {
        const network = new Network()
        network.refuse("not yet")
        const options = { reconnect: backoff(SOON), closeTimeout: 20 }
        const task = new Task(
            async () => await connectOver(network.dial, "ws://peer/", options)
        )
        const peer = new Peer(await network.next())
        await peer.accept()
        const ws = await task.result()
        expect(ws.readyState).toBe(OPEN)
        expectError(ws.error, StreamError, "not yet")
        peer.pipe.end()
        await ws.close()
    })

    test("lets recv wait for the next connection's messages", async () => {
        const connection = reconnecting(SOON)
        const task = new Task(async () => await connection.ws.recv())
        for (let i = 0; i < 2; ++i) {
            await connection.accepted()
            if (!i) await connection.finish()
        }
        connection.peer.pipe.push(text("a"))
        expectText((await task.result()).text(), "a")
        await connection.ws.close()
    })
})

describe("messages for the next connection", () => {
    test("arrive there, in the order of the calls", async () => {
        const connection = reconnecting(SOON)
        const { ws } = connection
        await ws.send("0")
        await connection.accepted()
        await expectFrames(connection, ["81 0"])
        await connection.finish()
        connection.network.hold()
        for (const data of ["1", "2"]) await ws.send(data)
        await ws.send(Buffer.from("3"))
        expect(ws.bufferedAmount).toBe(3)
        connection.network.release()
        await connection.accepted()
        await ws.send("4")
        await expectFrames(connection, ["81 1", "81 2", "82 3", "81 4"])
        expect(ws.bufferedAmount).toBe(0)
        await ws.close()
    })

    test("outlive attempts that fail", async () => {
        const connection = reconnecting(SOON)
        const { ws } = connection
        await ws.send("a")
        await (await connection.dialed()).readRequest()
        await ws.send("b")
        await connection.finish()
        connection.network.refuse("no route")
        await connection.accepted()
        await expectFrames(connection, ["81 a", "81 b"])
        await ws.close()
    })

    test("come behind those that the link has torn, which are sent again whole", async () => {
        const connection = reconnecting(SOON)
        const { ws } = connection
        await connection.accepted()
        await ws.send("done")
        connection.peer.pipe.allow(1)
        const tasks = [sending(ws, pattern(3000)), sending(ws, "next")]
        await settle()
        connection.network.hold()
        connection.peer.pipe.fail("cut")
        await connection.ended()
        for (const task of tasks) await task.result()
        await ws.send("last")
        connection.network.release()
        await connection.accepted()
        expectBytes((await connection.peer.frame()).payload, pattern(3000))
        await expectFrames(connection, ["81 next", "81 last"])
        await ws.close()
    })

    test("are those, too, whose only write failed", async () => {
        const connection = reconnecting(SOON)
        const { ws } = connection
        await connection.accepted()
        connection.peer.pipe.allow(0)
        const task = sending(ws, "short")
        await settle()
        connection.peer.pipe.fail("cut")
        await task.result()
        await connection.accepted()
        await expectFrames(connection, ["81 short"])
        expect(connection.peer.pipe.available()).toBe(0)
        await ws.close()
    })

    test("are not those that were sent in slices: their writer fails", async () => {
        const connection = reconnecting(SOON)
        const { ws } = connection
        await connection.accepted()
        const writer = await ws.startMessage(true)
        await writer.write("a")
        connection.peer.pipe.allow(0)
        const task = new Task(async () => await writer.write("b"))
        await settle()
        connection.peer.pipe.fail("cut")
        await expectFailed(task, StreamError, "ended")
        await connection.accepted()
        await ws.send("c")
        await expectFrames(connection, ["81 c"])
        await ws.close()
    })

    test("are refused when there are too many", async () => {
        const connection = reconnecting({ ...LATER, messages: 2 })
        const { ws } = connection
        const log = dropLog(connection)
        await ws.send("1")
        await ws.send("2")
        await expectReject(async () => await ws.send("3"), RangeError, "full")
        await connection.accepted()
        await expectFrames(connection, ["81 1", "81 2"])
        expectText(log.join(), "")
        await connection.finish()
        await ws.close()
    })

    test("let the oldest ones go, and tell which", async () => {
        const connection = reconnecting({
            ...LATER,
            messages: 2,
            drop: "oldest",
        })
        const { ws } = connection
        const log = dropLog(connection)
        for (const data of ["1", "2", "3"]) await ws.send(data)
        await connection.accepted()
        await expectFrames(connection, ["81 2", "81 3"])
        expectText(log.join(), "1 (queue full)")
        await connection.finish()
        await ws.close()
    })
})

describe("close", () => {
    test("while it waits ends it at once, and tells which messages are lost", async () => {
        const connection = reconnecting(LATER)
        const { ws } = connection
        const log = dropLog(connection)
        await connection.accepted()
        await connection.finish()
        expect(ws.readyState).toBe(CONNECTING)
        await ws.send("a")
        await ws.send("b")
        await ws.close()
        expect(ws.readyState).toBe(CLOSED)
        const end = await connection.ended(2)
        expect(end.retry).toBe(undefined)
        expect(connection.network.dialed.length).toBe(1)
        await settle()
        expectText(log.join(), "a (closed),b (closed)")
        expect(await ws.recv()).toBe(null)
        await expectFailed(sending(ws, "c"), StreamError, "closed")
    })

    test("while it dials again ends it", async () => {
        const connection = reconnecting(SOON)
        const { ws, network } = connection
        await connection.accepted()
        network.hold()
        await connection.finish()
        while (network.dialed.length < 2) await settle()
        const task = new Task(async () => await ws.close())
        await settle()
        expect(ws.readyState).toBe(CLOSING)
        network.release()
        await task.result()
        expect((await connection.dialed()).pipe.closed).toBe(true)
        expect((await connection.ended(2)).retry).toBe(undefined)
    })

    test("while it is open ends it for good", async () => {
        const connection = reconnecting(SOON)
        await connection.accepted()
        const task = new Task(async () => await connection.ws.close(1000))
        await expectFrames(connection, ["close 1000 "])
        connection.peer.pipe.push(closing(1000))
        const end = await connection.finish()
        await task.result()
        expect(end.retry).toBe(undefined)
        await settle()
        expect(connection.network.dialed.length).toBe(1)
    })
})
