import { describe, expect, test } from "@devicescript/test"
import { sleep } from "../../src/fiber/clock"
import { StreamError } from "../../src/net/stream"
import { connectOver } from "../../src/websocket/connect-over"
import { heartbeat, HeartbeatOptions } from "../../src/websocket/heartbeat"
import { listen } from "../../src/websocket/listen"
import { Rfc6455Connection } from "../../src/websocket/rfc6455"
import { expectReject, expectText } from "./check"
import { pong, text } from "./frames"
import { Peer, showFrame, Task } from "./peer"
import { Network } from "./pipe"

const QUICK: HeartbeatOptions = { interval: 4, timeout: 4 }
/** Answers are never late. */
const PATIENT: HeartbeatOptions = { interval: 4, timeout: 60000 }

class Subject {
    connection: Rfc6455Connection
    peer: Peer

    async start(options: HeartbeatOptions) {
        const network = new Network()
        const task = new Task(
            async () => await connectOver(network.dial, "ws://peer/")
        )
        this.peer = new Peer(await network.next())
        await this.peer.accept()
        this.connection = heartbeat(await task.result(), options)
    }

    async expectPing() {
        expectText(showFrame(await this.peer.frame()), "89 ")
    }
}

async function started(options: HeartbeatOptions): Promise<Subject> {
    const subject = new Subject()
    await subject.start(options)
    return subject
}

describe("the heartbeat", () => {
    test("sends a Ping whenever the server is silent", async () => {
        const subject = await started(PATIENT)
        listen(subject.connection)
        for (let i = 0; i < 5; ++i) {
            await subject.expectPing()
            subject.peer.pipe.push(i % 2 ? pong("") : text("any sign of life"))
        }
        expect(subject.connection.end).toBe(undefined)
        subject.peer.pipe.end()
    })

    test("ends a connection on which nothing comes any more", async () => {
        const subject = await started(QUICK)
        const { connection } = subject
        for (let i = 0; i < 2; ++i)
            await expectReject(
                async () => await connection.recv(),
                StreamError,
                "silent for 8 ms"
            )
        await expectReject(
            async () => await connection.send("x"),
            StreamError,
            "silent"
        )
        expect(subject.peer.pipe.closed).toBe(true)
        expect(connection.end.code).toBe(1006)
    })

    test("ends one whose network takes nothing, either", async () => {
        const subject = await started(QUICK)
        subject.peer.pipe.allow(0)
        await expectReject(
            async () => await subject.connection.recv(),
            StreamError,
            "silent"
        )
    })

    test("ends one whose network takes all that the program goes on sending, and brings nothing", async () => {
        const { connection } = await started(QUICK)
        listen(connection)
        for (let n = 0; n < 200 && !connection.end; ++n) {
            try {
                await connection.send("x")
            } catch (e) {
                expectText((e as Error).message, "silent for 8 ms")
            }
            await sleep(2)
        }
        expect(connection.end.code).toBe(1006)
    })

    test("expects nothing while nobody reads, but keeps the connection in use", async () => {
        const subject = await started(QUICK)
        for (let i = 0; i < 5; ++i) await subject.expectPing()
        expect(subject.connection.end).toBe(undefined)
        subject.peer.pipe.push(text("a"))
        expectText((await subject.connection.recv()).text(), "a")
        subject.peer.pipe.end()
    })

    test("waits for long output, behind which the Ping may stand", async () => {
        const subject = await started({ interval: 4, timeout: 100 })
        const { connection, peer } = subject
        listen(connection)
        const message = Buffer.alloc(992)
        const task = new Task(async () => {
            for (let i = 0; i < 60; ++i) await connection.send(message)
        })
        while (!task.isDone) {
            await peer.pipe.take(1000)
            await sleep(4)
        }
        await task.result()
        expect(connection.end).toBe(undefined)
        peer.pipe.end()
    })

    test("waits for what the network has taken at once, and may send at 2 KB/s: the Ping stands behind it", async () => {
        const { connection, peer } = await started({
            interval: 1000,
            timeout: 4,
        })
        listen(connection)
        const message = Buffer.alloc(992)
        for (let i = 0; i < 6; ++i) await connection.send(message)
        await sleep(1600)
        expect(connection.end).toBe(undefined)
        await peer.pipe.take(6000)
        peer.pipe.end()
    })

    test("ends with the connection", async () => {
        const subject = await started({})
        const { connection, peer } = subject
        const task = new Task(async () => await connection.close())
        await peer.frame()
        peer.pipe.end()
        await task.result()
        expect(connection.end.wasClean).toBe(false)
        expect(peer.pipe.available()).toBe(0)
    })
})
