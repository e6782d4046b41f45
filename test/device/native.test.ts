import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { dialNative, explainOffline } from "../../src/net/native"
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
    /** The network is not there yet. */
    offline = false
    written: Buffer[] = []
    /** What the next writes return; then 0. */
    results: number[] = []
    /** It takes nothing. */
    isFull = false

    open(host: string, port: number): number {
        if (this.offline) throw new RangeError("network not available")
        if (this.refusal) this.tell("error", this.refusal)
        else this.opened = `${host} ${port}`
        return 0
    }

    write(data: Buffer): number {
        if (this.absent) throw new RangeError(this.absent)
        if (!this.opened) return NO_SOCKET
        if (!data) return NO_BUFFER
        if (this.isFull) return WOULD_BLOCK
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

async function onBoard(name: string, body: () => Promise<void>) {
    const dcfgString = vm._dcfgString
    arch = name
    vm._dcfgString = archId
    await body()
    vm._dcfgString = dcfgString
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

async function expectNoTls(arch: string, why: string) {
    await onBoard(arch, async () => {
        const task = dialing({ host: "a.org", port: 443, secure: true })
        await expectFailed(task, StreamError, why)
    })
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
        await expectFailed(task, StreamError, "tcp://a.org:81: closed")
    })

    test("fails when it takes too long", async () => {
        const task = await started({ host: "a.org", port: 81, timeout: 20 })
        await expectFailed(task, StreamError, "no connection within 20 ms")
        socket.tell("error", "can't connect")
    })

    // An ESP32 cannot call a dial off, and does not say which dial an event is of.
    test("that was given up tells its outcome to nobody, and the next one waits for it", async () => {
        for (const outcome of ["open", "error", "close"]) {
            const first = await started({
                host: "a.org",
                port: 81,
                timeout: 20,
            })
            await expectFailed(first, StreamError, "no connection within 20 ms")
            const second = dialing({ host: "b.org", port: 82 })
            await settle()
            expectText(socket.opened, "a.org 81")
            socket.tell(outcome, "can't connect")
            while (socket.opened !== "b.org 82") await settle()
            expect(second.isDone).toBe(false)
            socket.tell("open")
            await (await second.result()).close()
        }
    })

    test("that was given up is in the next one's way at most for that one's time", async () => {
        const first = await started({ host: "a.org", port: 81, timeout: 20 })
        await expectFailed(first, StreamError, "no connection within 20 ms")
        await expectFailed(
            dialing({ host: "b.org", port: 82, timeout: 20 }),
            StreamError,
            "tcp://a.org:81 has the board's only socket"
        )
        socket.tell("close")
    })

    test("gives the socket back at once on a Pico W, where that calls it off", async () => {
        await onBoard("rp2040w", async () => {
            const task = await started({ host: "a.org", port: 81, timeout: 20 })
            await expectFailed(task, StreamError, "no connection within 20 ms")
            expect(socket.opened).toBe(undefined)
        })
    })

    test("waits for the network", async () => {
        socket = new FakeSocket()
        socket.offline = true
        const task = dialing()
        await ds.sleep(250)
        expect(socket.opened).toBe(undefined)
        socket.offline = false
        while (!socket.opened) await ds.sleep(10)
        socket.tell("open")
        await (await task.result()).close()
    })

    test("fails when the network does not come in time, and says why", async () => {
        socket = new FakeSocket()
        socket.offline = true
        const address = { host: "a.org", port: 81, timeout: 150 }
        await expectFailed(
            dialing(address),
            StreamError,
            "tcp://a.org:81: no network"
        )
        explainOffline("no access point")
        await expectFailed(dialing(address), StreamError, "81: no access point")
        await (await connected()).close()
    })

    test("over TLS that fails says what may be wrong", async () => {
        const task = await started({ host: "a.org", port: 443, secure: true })
        socket.tell("error", "mbedtls_ssl_handshake")
        await expectFailed(
            task,
            StreamError,
            "tls://a.org:443: no TLS on that port, or a certificate that can't be verified"
        )
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

    test("fails with TLS on a board without TLS, or with too little memory for it", async () => {
        socket = new FakeSocket()
        await expectNoTls("rp2040w", "can't do TLS")
        await expectNoTls("esp32s2", "has too little memory for TLS")
        expect(socket.opened).toBe(undefined)
    })
})

describe("the board's only socket", () => {
    test("is not taken away by a second dial", async () => {
        const stream = await connected()
        await expectFailed(dialing(), StreamError, "the board's only socket")
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
            "tcp://a.org:81: the connection is gone (-10)"
        )
        await stream.close()
    })

    test("fails for the reason that comes after a write has failed", async () => {
        const stream = await connected()
        socket.results = [NOT_CONNECTED]
        const task = transmitting(stream)
        await settle()
        socket.tell("error", "recv error")
        await expectFailed(task, StreamError, "tcp://a.org:81: recv error")
    })

    // A write of nothing panics an ESP32.
    test("writes nothing for no bytes", async () => {
        const stream = await connected()
        await stream.send(Buffer.alloc(0))
        expect(socket.written.length).toBe(0)
        await stream.close()
    })

    test("fails when the connection ends meanwhile, or has ended", async () => {
        for (const event of ["close", "error"]) {
            const stream = await connected()
            socket.isFull = true
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

describe("over TLS", () => {
    async function secured(): Promise<Stream> {
        const task = await started({ host: "a.org", port: 443, secure: true })
        socket.tell("open")
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
            while (socket.written.length < 3) await settle()
            expectText(socket.written.pop().toString(), "?")
            for (let at = 0; at < around.length; at += size) {
                await settle()
                // all of the answer is in what came so far
                if (at < around.length - 1) expect(task.isDone).toBe(false)
                socket.tell(
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
        socket.tell("data", hex`8a04aabb8acc`)
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
            socket.tell(event, "reset")
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
