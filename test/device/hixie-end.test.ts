import { describe, expect, test } from "@devicescript/test"
import { connectHixie76 } from "../../src/hixie/connect"
import { backoff } from "../../src/websocket/backoff"
import { Connection, End } from "../../src/websocket/connection"
import { reconnecting } from "../../src/websocket/reconnecting"
import { expectBytes, expectReject, expectText } from "./check"
import {
    accept76,
    connected75,
    connected76,
    HIXIE_CLOSE,
    hixieText,
    readText,
} from "./hixie-peer"
import { Peer, show, Task } from "./peer"
import { Network, settle } from "./pipe"

function sending(ws: Connection, data: string): Task<void> {
    return new Task(async () => await ws.send(data))
}

function showEnd({ wasClean, code, reason, error }: End): string {
    return `${wasClean ? "clean" : "torn"} ${code} "${reason}" ${error ? error.message : ""}`
}

// draft-hixie-76, 1.4 and 4.2; draft-hixie-75 just ends the connection
describe("the end", () => {
    test("by the client is 0xFF 0x00, whose answer it waits for before it ends the connection", async () => {
        const connection = await connected76()
        const { ws, peer } = connection
        peer.pipe.allow(0)
        const sent = sending(ws, "before")
        const closed = new Task(async () => await ws.close())
        await settle()
        peer.pipe.allow(undefined)
        await sent.result()
        expectText(await readText(peer), "before")
        expectBytes(await peer.pipe.take(2), HIXIE_CLOSE)
        expect(peer.pipe.closed).toBe(false)
        peer.pipe.push(HIXIE_CLOSE)
        await peer.pipe.abandoned()
        await closed.result()
        expectText(showEnd(await connection.ended()), 'clean 1005 "" ')
    })

    test("by the server is answered, and then the client ends the connection, whatever else comes", async () => {
        for (const bytes of [
            [hex`ff00`],
            [hex`ff`, hex`00`],
            [hex`ff00`, hixieText("late")],
        ]) {
            const connection = await connected76()
            const { ws, peer } = connection
            for (const piece of bytes) peer.pipe.push(piece)
            expect(await ws.recv()).toBe(null)
            expectBytes(await peer.pipe.take(2), HIXIE_CLOSE)
            expect(peer.pipe.closed).toBe(true)
            expectText(showEnd(ws.end), 'clean 1005 "" ')
            expect(await ws.recv()).toBe(null)
        }
    })

    test("waits for the answer only for a while", async () => {
        const connection = await connected76({ closeTimeout: 20 })
        await connection.ws.close()
        expectText(showEnd(await connection.ended()), 'torn 1006 "" ')
    })

    test("of draft-hixie-75 comes behind all that was sent", async () => {
        const connection = await connected75()
        const { ws, peer } = connection
        peer.pipe.allow(0)
        const sent = sending(ws, "before")
        const closed = new Task(async () => await ws.close())
        await settle()
        peer.pipe.allow(undefined)
        await sent.result()
        await closed.result()
        expectText(await readText(peer), "before")
        expect(peer.pipe.available()).toBe(0)
        expect(peer.pipe.closed).toBe(true)
        expectText(showEnd(await connection.ended()), 'torn 1006 "" ')
    })

    test("of draft-hixie-75 is no 0xFF 0x00", async () => {
        const connection = await connected75()
        const { ws, peer } = connection
        peer.pipe.push(HIXIE_CLOSE)
        peer.pipe.push(hixieText("x"))
        expectText(show(await ws.recv()), 'text "x"')
        expectText(showEnd(await connection.finish()), 'torn 1006 "" ')
    })

    test("may be followed by another connection, and what waits goes out there", async () => {
        const network = new Network()
        const drops: string[] = []
        const ws = reconnecting(
            async () => await connectHixie76(network.dial, "ws://peer/"),
            backoff({ initial: 1, max: 1 }),
            {
                ondrop: ({ reason }) => {
                    drops.push(reason)
                },
            }
        )
        await ws.send("waited")
        await ws.send(hex`00`)
        const peer = new Peer(await network.next())
        await accept76(peer)
        expectText(await readText(peer), "waited")
        await ws.send("more")
        expectText(await readText(peer), "more")
        await expectReject(
            async () => await ws.send(hex`00`),
            RangeError,
            "binary"
        )
        await settle()
        expectText(drops.join(), "draft-hixie has no binary messages")
        peer.pipe.end()
        const next = new Peer(await network.next())
        await accept76(next)
        await ws.opened()
        const closed = new Task(async () => await ws.close())
        expectBytes(await next.pipe.take(2), HIXIE_CLOSE)
        next.pipe.push(HIXIE_CLOSE)
        await closed.result()
        expect(ws.end.code).toBe(1005)
    })
})
