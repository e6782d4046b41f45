/** Compressed messages between the client library on a board, faye's `permessage-deflate` and this server. */
import assert from "node:assert/strict"
import { EventEmitter, once } from "node:events"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { test } from "node:test"
import { WebSocket } from "ws"
import { startServer } from "../../server/server.ts"
import { EchoBoard } from "../../tools/simulator/echo-board.ts"
import * as faye from "../wire/faye.ts"

const PATIENCE = { signal: AbortSignal.timeout(60_000) }

const TEXTS = ["", "a", "ä".repeat(700), "0123456789".repeat(300)]

for (const [what, deflate, options] of [
    ["as they are", {}, {}],
    [
        "with the smallest windows",
        { serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
        {},
    ],
    [
        "each by itself",
        { serverNoContextTakeover: true, clientNoContextTakeover: true },
        {},
    ],
    [
        "each by itself as the server wants it",
        {},
        { noContextTakeover: true, requestNoContextTakeover: true },
    ],
    ["with the window that the server wants", {}, { requestMaxWindowBits: 9 }],
] as const)
    test(`faye's permessage-deflate gets its messages back, ${what}`, async t => {
        const http1 = createServer().listen(0, "127.0.0.1")
        t.after(() => http1.close())
        const drivers = new EventEmitter()
        http1.on("upgrade", (request: IncomingMessage, socket, head) => {
            const driver = faye.http(request)
            driver.addExtension(faye.deflate.configure(options))
            driver.io.write(head)
            socket.pipe(driver.io).pipe(socket)
            driver.start()
            drivers.emit("driver", driver)
        })
        await once(http1, "listening")
        const echo = await EchoBoard.start()
        t.after(() => echo.stop())
        const accepted = once(drivers, "driver", PATIENCE)
        const { port } = http1.address() as AddressInfo
        const end = echo.open(`ws://127.0.0.1:${port}/`, {
            deflate: { ...deflate, threshold: 0 },
        })
        const driver: faye.Driver = (await accepted)[0]
        for (const text of TEXTS) {
            const arrived = once(driver, "message", PATIENCE)
            driver.text(text)
            const [message] = await arrived
            assert.equal(message.data, text)
        }
        driver.close()
        const { messages, error } = await end
        assert.deepEqual([messages, error], [TEXTS.length, null])
    })

test("with --compress the server's rooms carry what a board sends compressed", async t => {
    const server = await startServer({ mode: "relay", port: 0, compress: true })
    t.after(() => server.close())
    const url = server.url + "deflate"
    const echo = await EchoBoard.start()
    t.after(() => echo.stop())
    const response = once(echo.board.link, "received", PATIENCE)
    const end = echo.open(url, { deflate: {} })
    const member = new WebSocket(url, { perMessageDeflate: false })
    t.after(() => member.terminate())
    await once(member, "open", PATIENCE)
    const long = JSON.stringify(Array.from({ length: 300 }, (_, i) => 1000 + i))
    // until the board is a member, too
    const arrived = once(member, "message", PATIENCE)
    const again = setInterval(() => member.send(long), 1000)
    t.after(() => clearInterval(again))
    assert.equal(String((await arrived)[0]), long)
    const [head] = await response
    assert.match(
        String(head),
        /^Sec-WebSocket-Extensions: permessage-deflate;/m
    )
    void end
})
