import { describe, expect, test } from "@devicescript/test"
import { Stream, StreamError } from "../../src/net/stream"
import { expectBytes, expectReject, expectText, breathe } from "./check"
import { pattern } from "./frames"
import { expectFailed, Task } from "./peer"
import { settle } from "./pipe"
import {
    board,
    connected,
    receiving,
    started,
    transmitting,
    WOULD_BLOCK,
    NOT_CONNECTED,
} from "./fake-socket"

describe("sending", () => {
    test("writes at most a kilobyte at a time, in order", async () => {
        const stream = await connected()
        const data = pattern(2500)
        await stream.send(data)
        await stream.send(Buffer.from("next"))
        let at = 0
        for (const piece of board.socket.written.slice(0, -1)) {
            expect(piece.length <= 1024).toBe(true)
            expectBytes(piece, data.slice(at, at + piece.length))
            at += piece.length
        }
        expect(at).toBe(2500)
        expectText(board.socket.written.pop().toString(), "next")
        await stream.close()
    })

    test("tries again while the network takes no more", async () => {
        const stream = await connected()
        board.socket.results = [WOULD_BLOCK, WOULD_BLOCK, 0, WOULD_BLOCK]
        await stream.send(pattern(2000))
        expectBytes(
            Buffer.concat(board.socket.written[0], board.socket.written[1]),
            pattern(2000)
        )
        expect(board.socket.written.length).toBe(2)
        await stream.close()
    })

    test("fails when the network does", async () => {
        const stream = await connected()
        board.socket.results = [NOT_CONNECTED]
        await expectReject(
            async () => await stream.send(pattern(1)),
            StreamError,
            "tcp://a.org:81: the connection is gone (-10)"
        )
        await stream.close()
    })

    test("fails for the reason that comes after a write has failed", async () => {
        const stream = await connected()
        board.socket.results = [NOT_CONNECTED]
        const task = transmitting(stream)
        await settle()
        board.socket.tell("error", "recv error")
        await expectFailed(task, StreamError, "tcp://a.org:81: recv error")
    })

    // A write of nothing panics an ESP32.
    test("writes nothing for no bytes", async () => {
        const stream = await connected()
        await stream.send(Buffer.alloc(0))
        expect(board.socket.written.length).toBe(0)
        await stream.close()
    })

    test("fails when the connection ends meanwhile, or has ended", async () => {
        for (const event of ["close", "error"]) {
            const stream = await connected()
            board.socket.isFull = true
            const task = transmitting(stream)
            await settle()
            board.socket.tell(event, "reset")
            const why = event === "error" ? "reset" : "closed"
            await expectFailed(task, StreamError, why)
            const again = transmitting(stream)
            await expectFailed(again, StreamError, why)
            expect(board.socket.written.length).toBe(0)
            await stream.close()
        }
    })
})

describe("over TLS", () => {
    async function secured(): Promise<Stream> {
        const task = await started({ host: "a.org", port: 443, secure: true })
        board.socket.tell("open")
        return await task.result()
    }

    function proving(stream: Stream): Task<void> {
        return new Task(
            async () => await stream.prove(Buffer.from("?"), "8a04aabb8acc")
        )
    }

    test("there is credit for 4 KB, in few writes and in many", async () => {
        const stream = await secured()
        const most = stream.credit
        expect(most).toBe(4096)
        await stream.send(pattern(3000))
        // main/sock.c loses what goes beyond 5,744 bytes, with at most 69 more for each record
        expect(stream.credit <= 4096 - 3000 - 3 * 69).toBe(true)
        await stream.send(pattern(1))
        expect(stream.credit <= 4096 - 3001 - 4 * 69).toBe(true)
        await stream.close()
        const plain = await connected()
        expect(plain.credit).toBe(undefined)
        await plain.close()
    })

    test("it is whole again when the peer has answered, in one piece or in many", async () => {
        const answer = hex`8a04aabb8acc`
        const around = Buffer.concat(hex`018a8a04aa`, answer, hex`02`)
        for (let size = 1; size <= around.length; ++size) {
            const stream = await secured()
            await stream.send(pattern(2000))
            const task = proving(stream)
            while (board.socket.written.length < 3) await settle()
            expectText(board.socket.written.pop().toString(), "?")
            for (let at = 0; at < around.length; at += size) {
                await settle()
                // all of the answer is in what came so far
                if (at < around.length - 1) expect(task.isDone).toBe(false)
                board.socket.tell(
                    "data",
                    around.slice(at, Math.min(at + size, around.length))
                )
                if (at + size >= around.length - 1) break
            }
            await task.result()
            expect(stream.credit).toBe(4096)
            expectText((await stream.recv())[0] + "", "1")
            await stream.close()
        }
    })

    test("an answer that comes alone waits for nobody to read it", async () => {
        const stream = await secured()
        const task = proving(stream)
        await settle()
        board.socket.tell("data", hex`8a04aabb8acc`)
        await task.result()
        expect(stream.credit).toBe(4096)
        expect(await stream.recv(0)).toBe(undefined)
        await stream.close()
    })

    test("a connection that ends meanwhile has proved nothing", async () => {
        for (const event of ["close", "error"]) {
            const stream = await secured()
            const task = proving(stream)
            await settle()
            board.socket.tell(event, "reset")
            await expectFailed(
                task,
                StreamError,
                event === "error" ? "reset" : "closed"
            )
        }
    })
})

describe("receiving", () => {
    test("gives the pieces in order, then the end", async () => {
        const stream = await connected()
        for (const data of ["a", "b"])
            board.socket.tell("data", Buffer.from(data))
        board.socket.tell("close")
        expectText((await stream.recv()).toString(), "a")
        expectText((await stream.recv(20)).toString(), "b")
        expect(await stream.recv()).toBe(null)
        expect(await stream.recv(20)).toBe(null)
        await stream.close()
    })

    test("waits for the next piece, at most the timeout", async () => {
        const stream = await connected()
        expect(await stream.recv(0)).toBe(undefined)
        expect(await stream.recv(5)).toBe(undefined)
        const task = receiving(stream)
        await settle()
        expect(task.isDone).toBe(false)
        board.socket.tell("data", Buffer.from("a"))
        expectText((await task.result()).toString(), "a")
        await stream.close()
    })

    test("fails when the connection breaks", async () => {
        const stream = await connected()
        const task = receiving(stream)
        await settle()
        board.socket.tell("error", "ECONNRESET")
        await expectFailed(task, StreamError, "ECONNRESET")
        await stream.close()
    })

    test("ends with close, which may be called again", async () => {
        const stream = await connected()
        const task = receiving(stream)
        await settle()
        await stream.close()
        expect(await task.result()).toBe(null)
        expect(board.socket.opened).toBe(undefined)
        await stream.close()
        board.socket.tell("data", Buffer.from("late"))
        expect(await stream.recv()).toBe(null)
    })

    // Nothing holds the network back: what is not read fills the heap
    test("gives up when much more comes than is read", async () => {
        for (const size of [1000, 1]) {
            const stream = await connected()
            let sent = 0
            while (board.socket.opened && sent < 2000) {
                board.socket.tell("data", Buffer.alloc(size))
                sent++
                if (sent % 100 === 0) await breathe()
            }
            expect(sent > 4 && sent < 2000).toBe(true)
            const task = receiving(stream)
            await expectFailed(task, StreamError, "faster than they were read")
        }
    })
})
