import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer, type AddressInfo } from "node:net"
import { test } from "node:test"
import { Board } from "../../sim/host.ts"

test("a program exchanges bytes with a TCP server", async t => {
    const server = createServer(socket => socket.pipe(socket))
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo

    const board = await Board.start("test/device/programs/echo-once.ts", {
        settings: { port },
    })
    t.after(() => board.stop())
    const [, answer] = await board.expect(/^answer: (.*)$/)
    assert.equal(answer, "hello")
})
