import { describe, expect, test } from "@devicescript/test"
import { sleep } from "../../src/fiber/clock"
import { explainOffline } from "../../src/net/native"
import { StreamError } from "../../src/net/stream"
import { expectReject, expectText } from "./check"
import { expectFailed } from "./peer"
import { settle } from "./pipe"
import {
    board,
    connected,
    dialing,
    expectNoTls,
    FakeSocket,
    onBoard,
    started,
    vm,
} from "./fake-socket"

describe("dialing", () => {
    test("opens the board's socket, with a negative port for TLS", async () => {
        let stream = await connected()
        expectText(board.socket.opened, "a.org 81")
        await stream.close()
        expect(board.socket.opened).toBe(undefined)
        const secure = { host: "::1", port: 443, secure: true }
        const task = await started(secure)
        expectText(board.socket.opened, "::1 -443")
        board.socket.tell("open")
        stream = await task.result()
        await stream.close()
    })

    test("fails when it is refused, with the reason", async () => {
        const task = await started()
        board.socket.tell("error", "ECONNREFUSED")
        await expectFailed(task, StreamError, "tcp://a.org:81: ECONNREFUSED")
    })

    test("fails when that happens at once", async () => {
        board.socket = new FakeSocket()
        board.socket.refusal = "no Wi-Fi"
        await expectFailed(dialing(), StreamError, "tcp://a.org:81: no Wi-Fi")
    })

    test("fails when the connection is closed before it is open", async () => {
        const task = await started()
        board.socket.tell("close")
        await expectFailed(task, StreamError, "tcp://a.org:81: closed")
    })

    test("fails when it takes too long", async () => {
        const task = await started({ host: "a.org", port: 81, timeout: 20 })
        await expectFailed(task, StreamError, "no connection within 20 ms")
        board.socket.tell("error", "can't connect")
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
            expectText(board.socket.opened, "a.org 81")
            board.socket.tell(outcome, "can't connect")
            while (board.socket.opened !== "b.org 82") await settle()
            expect(second.isDone).toBe(false)
            board.socket.tell("open")
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
        board.socket.tell("close")
    })

    test("gives the socket back at once on a Pico W, where that calls it off", async () => {
        await onBoard("rp2040w", async () => {
            board.socket = new FakeSocket()
            // which is said only once the socket was open
            await expectFailed(
                dialing({ host: "a.org", port: 81, timeout: 20 }),
                StreamError,
                "no connection within 20 ms"
            )
            expect(board.socket.opened).toBe(undefined)
        })
    })

    test("waits for the network", async () => {
        board.socket = new FakeSocket()
        board.socket.offline = true
        const task = dialing()
        await sleep(250)
        expect(board.socket.opened).toBe(undefined)
        board.socket.offline = false
        while (!board.socket.opened) await sleep(10)
        board.socket.tell("open")
        await (await task.result()).close()
    })

    test("fails when the network does not come in time, and says why", async () => {
        board.socket = new FakeSocket()
        board.socket.offline = true
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
        board.socket.tell("error", "mbedtls_ssl_handshake")
        await expectFailed(
            task,
            StreamError,
            "tls://a.org:443: no TLS on that port, or a certificate that can't be verified"
        )
    })

    test("fails on a board without a network", async () => {
        board.socket = new FakeSocket()
        board.socket.absent = "Networking not supported"
        await expectFailed(
            dialing(),
            StreamError,
            "no network of its own (Networking not supported)"
        )
    })

    test("fails with TLS on a board without TLS, or with too little memory for it", async () => {
        board.socket = new FakeSocket()
        await expectNoTls("rp2040w", "can't do TLS")
        await expectNoTls("esp32s2", "has too little memory for TLS")
        expect(board.socket.opened).toBe(undefined)
    })
})

describe("the board's only socket", () => {
    test("is not taken away by a second dial", async () => {
        const stream = await connected()
        await expectFailed(dialing(), StreamError, "the board's only socket")
        expectText(board.socket.opened, "a.org 81")
        board.socket.tell("data", Buffer.from("x"))
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
        expectText(board.socket.opened, "a.org 81")
        await stream.close()
        vm._socketOpen("b.org", 80)
        expectText(board.socket.opened, "b.org 80")
        board.socket.close()
    })

    test("can be dialed again after its connection has ended", async () => {
        for (const event of ["close", "error"]) {
            const stream = await connected()
            board.socket.tell(event, "reset")
            await (await connected()).close()
            await stream.close()
        }
    })
})
