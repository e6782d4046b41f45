import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { dialNative } from "../../src/net/native"
import { Address, Stream, StreamError } from "../../src/net/stream"
import { expectBytes, expectReject, expectText, breathe } from "./check"
import { pattern } from "./frames"
import { expectFailed, Task } from "./peer"
import { settle } from "./pipe"

const WOULD_BLOCK = -1
const NOT_CONNECTED = -10
const NO_SOCKET = -100
const NO_BUFFER = -101

const vm: any = ds

/** In place of the VM's socket: what the program does to it, and what it is told. */
class FakeSocket {
    /** What was opened, `host port`; undefined: no socket. */
    opened: string
    /** Why opening fails at once. */
    refusal: string
    /** Why there is no network. */
    absent: string
    written: Buffer[] = []
    /** What the next writes return; then 0. */
    results: number[] = []

    open(host: string, port: number): number {
        if (this.refusal) this.tell("error", this.refusal)
        else this.opened = `${host} ${port}`
        return 0
    }

    write(data: Buffer): number {
        if (this.absent) throw new RangeError(this.absent)
        if (!this.opened) return NO_SOCKET
        if (!data) return NO_BUFFER
        const result = this.results.length ? this.results.shift() : 0
        if (result === 0) this.written.push(Buffer.from(data))
        return result
    }

    close(): number {
        this.opened = undefined
        return 0
    }

    tell(event: string, arg?: Buffer | string) {
        if (event === "close" || event === "error") this.opened = undefined
        vm._socketOnEvent(event, arg)
    }
}

let socket: FakeSocket
let arch: string

function archId(): string {
    return arch
}

function receiving(stream: Stream): Task<Buffer> {
    return new Task(async () => await stream.recv())
}

function transmitting(stream: Stream): Task<void> {
    return new Task(async () => await stream.send(pattern(10)))
}

vm._socketOpen = (host: string, port: number) => socket.open(host, port)
vm._socketWrite = (data: Buffer) => socket.write(data)
vm._socketClose = () => socket.close()

const ADDRESS: Address = { host: "a.org", port: 81, timeout: 60000 }

function dialing(address = ADDRESS): Task<Stream> {
    return new Task(async () => await dialNative(address))
}

/** Starts to dial over a new fake socket. */
async function started(address?: Address): Promise<Task<Stream>> {
    socket = new FakeSocket()
    const task = dialing(address)
    while (!socket.opened) await settle()
    return task
}

async function connected(): Promise<Stream> {
    const task = await started()
    socket.tell("open")
    return await task.result()
}

describe("dialing", () => {
    test("opens the board's socket, with a negative port for TLS", async () => {
        let stream = await connected()
        expectText(socket.opened, "a.org 81")
        await stream.close()
        expect(socket.opened).toBe(undefined)
        const secure = { host: "::1", port: 443, secure: true }
        const task = await started(secure)
        expectText(socket.opened, "::1 -443")
        socket.tell("open")
        stream = await task.result()
        await stream.close()
    })

    test("fails when it is refused, with the reason", async () => {
        const task = await started()
        socket.tell("error", "ECONNREFUSED")
        await expectFailed(task, StreamError, "tcp://a.org:81: ECONNREFUSED")
    })

    test("fails when that happens at once", async () => {
        socket = new FakeSocket()
        socket.refusal = "no Wi-Fi"
        await expectFailed(dialing(), StreamError, "tcp://a.org:81: no Wi-Fi")
    })

    test("fails when the connection is closed before it is open", async () => {
        const task = await started()
        socket.tell("close")
        await expectFailed(task, StreamError, "closed while connecting")
    })

    test("fails when it takes too long, and gives the socket back", async () => {
        const task = await started({ host: "a.org", port: 81, timeout: 20 })
        await expectFailed(task, StreamError, "no connection within 20 ms")
        expect(socket.opened).toBe(undefined)
        await (await connected()).close()
    })

    test("fails on a board without a network", async () => {
        socket = new FakeSocket()
        socket.absent = "Networking not supported"
        await expectFailed(
            dialing(),
            StreamError,
            "no network of its own (Networking not supported)"
        )
    })

    test("fails with TLS on a board without TLS", async () => {
        const dcfgString = vm._dcfgString
        socket = new FakeSocket()
        for (const name of ["rp2040w", "esp32s2"]) {
            arch = name
            vm._dcfgString = archId
            await expectFailed(
                dialing({ host: "a.org", port: 443, secure: true }),
                StreamError,
                "has no TLS"
            )
        }
        vm._dcfgString = dcfgString
        expect(socket.opened).toBe(undefined)
    })
})

describe("the board's only socket", () => {
    test("is not taken away by a second dial", async () => {
        const stream = await connected()
        await expectFailed(dialing(), StreamError, "in use")
        expectText(socket.opened, "a.org 81")
        socket.tell("data", Buffer.from("x"))
        expectText((await stream.recv()).toString(), "x")
        await stream.close()
    })

    test("is not taken away by others", async () => {
        const stream = await connected()
        await expectReject(
            async () => vm._socketOpen("b.org", 80),
            StreamError,
            "tcp://a.org:81 has the board's only socket"
        )
        expectText(socket.opened, "a.org 81")
        await stream.close()
        vm._socketOpen("b.org", 80)
        expectText(socket.opened, "b.org 80")
        socket.close()
    })

    test("can be dialed again after its connection has ended", async () => {
        for (const event of ["close", "error"]) {
            const stream = await connected()
            socket.tell(event, "reset")
            await (await connected()).close()
            await stream.close()
        }
    })
})

describe("sending", () => {
    test("writes at most a kilobyte at a time, in order", async () => {
        const stream = await connected()
        const data = pattern(2500)
        await stream.send(data)
        await stream.send(Buffer.from("next"))
        let at = 0
        for (const piece of socket.written.slice(0, -1)) {
            expect(piece.length <= 1024).toBe(true)
            expectBytes(piece, data.slice(at, at + piece.length))
            at += piece.length
        }
        expect(at).toBe(2500)
        expectText(socket.written.pop().toString(), "next")
        await stream.close()
    })

    test("tries again while the network takes no more", async () => {
        const stream = await connected()
        socket.results = [WOULD_BLOCK, WOULD_BLOCK, 0, WOULD_BLOCK]
        await stream.send(pattern(2000))
        expectBytes(
            Buffer.concat(socket.written[0], socket.written[1]),
            pattern(2000)
        )
        expect(socket.written.length).toBe(2)
        await stream.close()
    })

    test("fails when the network does", async () => {
        const stream = await connected()
        socket.results = [NOT_CONNECTED]
        await expectReject(
            async () => await stream.send(pattern(1)),
            StreamError,
            "-10"
        )
        await stream.close()
    })

    test("fails when the connection ends meanwhile, or has ended", async () => {
        for (const event of ["close", "error"]) {
            const stream = await connected()
            socket.results = [WOULD_BLOCK]
            const task = transmitting(stream)
            await settle()
            socket.tell(event, "reset")
            const why = event === "error" ? "reset" : "closed"
            await expectFailed(task, StreamError, why)
            const again = transmitting(stream)
            await expectFailed(again, StreamError, why)
            expect(socket.written.length).toBe(0)
            await stream.close()
        }
    })
})

describe("receiving", () => {
    test("gives the pieces in order, then the end", async () => {
        const stream = await connected()
        for (const data of ["a", "b"]) socket.tell("data", Buffer.from(data))
        socket.tell("close")
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
        socket.tell("data", Buffer.from("a"))
        expectText((await task.result()).toString(), "a")
        await stream.close()
    })

    test("fails when the connection breaks", async () => {
        const stream = await connected()
        const task = receiving(stream)
        await settle()
        socket.tell("error", "ECONNRESET")
        await expectFailed(task, StreamError, "ECONNRESET")
        await stream.close()
    })

    test("ends with close, which may be called again", async () => {
        const stream = await connected()
        const task = receiving(stream)
        await settle()
        await stream.close()
        expect(await task.result()).toBe(null)
        expect(socket.opened).toBe(undefined)
        await stream.close()
        socket.tell("data", Buffer.from("late"))
        expect(await stream.recv()).toBe(null)
    })

    // Nothing holds the network back: what is not read fills the heap
    test("gives up when much more comes than is read", async () => {
        for (const size of [1000, 1]) {
            const stream = await connected()
            let sent = 0
            while (socket.opened && sent < 2000) {
                socket.tell("data", Buffer.alloc(size))
                sent++
                if (sent % 100 === 0) await breathe()
            }
            expect(sent > 4 && sent < 2000).toBe(true)
            const task = receiving(stream)
            await expectFailed(task, StreamError, "faster than they were read")
        }
    })
})
