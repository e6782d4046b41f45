import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { StreamError } from "../../src/net/stream"
import { Message } from "../../src/protocol/message"
import { listen } from "../../src/websocket/listen"
import { Rfc6455Connection } from "../../src/websocket/rfc6455"
import { expectBytes, expectText } from "./check"
import { connected } from "./client"
import {
    binary,
    closing,
    lastPart,
    pattern,
    ping,
    pong,
    text,
    textStart,
} from "./frames"
import { expectFailed, sending, show, showEnd, showFrame, Task } from "./peer"
import { settle } from "./pipe"

function receiving(ws: Rfc6455Connection, timeout?: number): Task<Message> {
    return new Task(async () => await ws.recv(timeout))
}

describe("recv", () => {
    test("waits for a message", async () => {
        const client = await connected()
        const { ws, peer } = client
        const tasks = [receiving(ws), receiving(ws, 60000)]
        await settle()
        expect(tasks[0].isDone || tasks[1].isDone).toBe(false)
        peer.pipe.push(text("a"))
        peer.pipe.push(binary(hex`ff`))
        expectText(show(await tasks[0].result()), 'text "a"')
        expectText(show(await tasks[1].result()), "binary ff")
        await client.finish()
    })

    test("gives up after the timeout", async () => {
        const client = await connected()
        const { ws, peer } = client
        for (const timeout of [0, 1, 20])
            expect(await ws.recv(timeout)).toBe(undefined)
        peer.pipe.push(text("a"))
        expectText((await ws.recv(0)).text(), "a")
        await client.finish()
    })

    test("gives up in time while messages come that go to somebody else", async () => {
        const client = await connected()
        const { ws, peer } = client
        const greedy = new Task(async () => {
            while (await ws.recv());
        })
        await settle()
        const patient = receiving(ws, 20)
        // Each message wakes both.
        for (let i = 0; i < 100 && !patient.isDone; ++i) {
            await ds.sleep(5)
            peer.pipe.push(text("a"))
        }
        expect(patient.isDone).toBe(true)
        await patient.result()
        await client.finish()
        await greedy.result()
    })

    test("gives what came before the end, then null", async () => {
        const client = await connected()
        const { ws, peer } = client
        const waiting = receiving(ws)
        peer.pipe.push(Buffer.concat(text("a"), text("b"), closing()))
        expectText((await waiting.result()).text(), "a")
        const more = [receiving(ws), receiving(ws)]
        await client.finish()
        expectText((await more[0].result()).text(), "b")
        expect(await more[1].result()).toBe(null)
        expect(await ws.recv(20)).toBe(null)
    })

    test("gives the bytes as they came, and the text if it is one", async () => {
        const client = await connected()
        const { ws, peer } = client
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
        await client.finish()
    })

    test("keeps messages of one network read apart", async () => {
        const client = await connected()
        const { ws, peer } = client
        const bytes = Buffer.concat(binary(hex`01`), binary(hex`02`))
        peer.pipe.push(bytes)
        const first = await ws.recv()
        const second = await ws.recv()
        first.data[0] = 9
        expectBytes(second.data, hex`02`)
        expectBytes(bytes, hex`820101820102`)
        await client.finish()
    })

    test("keeps what has come of a message over a timeout", async () => {
        const client = await connected()
        const { ws, peer } = client
        const data = pattern(300)
        const bytes = Buffer.concat(
            textStart("a"),
            ping("p"),
            lastPart("b"),
            binary(data)
        )
        const shown: string[] = []
        for (let i = 0; i < bytes.length; ++i) {
            peer.pipe.push(bytes.slice(i, i + 1))
            const message = await ws.recv(0)
            if (message) shown.push(show(message))
        }
        expectText(shown.join(), `text "ab",binary ${data.toString("hex")}`)
        await client.finish()
    })
})

describe("while the link takes nothing", () => {
    test("messages still arrive", async () => {
        const client = await connected()
        const { ws, peer } = client
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
        await client.finish()
    })

    // RFC 6455, 5.5.3: the last Ping is the one to answer
    test("Pings are kept, the last ones of many, and answered afterwards", async () => {
        const client = await connected()
        const { ws, peer } = client
        client.read()
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
        await client.finish()
    })

    test("recv gives up in time, whatever there is to answer", async () => {
        const client = await connected()
        const { ws, peer } = client
        peer.pipe.allow(0)
        peer.pipe.push(ping("a"))
        expect(await ws.recv(20)).toBe(undefined)
        await client.finish()
    })
})

describe("ping", () => {
    test("goes out, and every Pong is handed over", async () => {
        const client = await connected()
        const { ws, peer } = client
        const pongs: string[] = []
        ws.onpong = payload => pongs.push(payload.toString())
        await ws.ping(Buffer.from("p"))
        expectText(showFrame(await peer.frame()), "89 p")
        peer.pipe.push(Buffer.concat(pong("p"), pong(""), text("a")))
        await ws.recv()
        expectText(pongs.join("|"), "p|")
        await client.finish()
    })
})

describe("abort", () => {
    test("ends everything with its error", async () => {
        const client = await connected()
        const { ws, peer } = client
        peer.pipe.allow(0)
        const tasks: Task<any>[] = [receiving(ws), sending(ws, "a")]
        await settle()
        await ws.abort(new StreamError("enough"))
        expect(peer.pipe.closed).toBe(true)
        for (const task of tasks)
            await expectFailed(task, StreamError, "enough")
        await expectFailed(sending(ws, "b"), StreamError, "enough")
        expectText(showEnd(ws.end), 'torn 1006 "" StreamError')
    })
})

describe("listen", () => {
    test("hands the messages over one after the other, then the end", async () => {
        const client = await connected()
        const { ws, peer } = client
        let log = ""
        listen(ws, {
            message: async message => {
                await settle()
                log += show(message) + "; "
            },
            end: end => {
                log += showEnd(end)
            },
        })
        peer.pipe.push(Buffer.concat(text("a"), binary(hex`00`), hex`8300`))
        expectText(showFrame(await peer.frame()), "close 1002 opcode")
        peer.pipe.end()
        while (!ws.end) await settle()
        await settle()
        expectText(log, 'text "a"; binary 00; torn 1002 "opcode" ProtocolError')
    })

    test("without handlers keeps a connection that only sends", async () => {
        const client = await connected()
        const { ws, peer } = client
        listen(ws)
        for (let i = 0; i < 12; ++i) {
            await ws.send(`${i}`)
            peer.pipe.push(Buffer.concat(ping(`p${i}`), text("thrown away")))
            expectText(showFrame(await peer.frame()), `81 ${i}`)
            expectText(showFrame(await peer.frame()), `8a p${i}`)
        }
        peer.pipe.end()
        while (!ws.end) await settle()
        expect(ws.end.code).toBe(1006)
    })
})
