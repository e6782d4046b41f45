import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { exchange, handshake, serve, tcp } from "./peers.ts"
import { once } from "../wire/wait.ts"

const page = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`

/** A masked text "ab" and a Close frame, RFC 6455 section 5.2; zeros for the mask. */
const FRAMES = "\x81\x82\0\0\0\0ab\x88\x80\0\0\0\0"

/** Writes all at once. @returns what comes until the server ends the connection */
async function answer(t: TestContext, port: number, text: string) {
    const socket = await tcp(t, port)
    let answer = ""
    socket.setEncoding("latin1").on("data", chunk => (answer += chunk))
    socket.write(text, "latin1")
    await once(socket, "close")
    return answer
}

for (const paths of [["/"], ["/uplot.js"], ["/", "/uplot.js", "/nothing"]])
    test(`what was asked for before an upgrade is answered before it: ${paths}`, async t => {
        const server = await serve(t, { closeTimeout: 200 })
        const requests = paths.map(page).join("")
        const all = await answer(
            t,
            server.port,
            requests + handshake() + FRAMES
        )
        const upgraded = all.indexOf("HTTP/1.1 101 ")
        if (paths.includes("/nothing")) {
            // an error ends the connection, RFC 9112 section 9.6
            assert.equal(upgraded, -1)
            return
        }
        assert.ok(upgraded > 0)
        const stream = all.slice(all.indexOf("\r\n\r\n", upgraded) + 4)
        assert.equal(stream, "\x81\x02ba\x88\0")
    })

test("an upgrade behind a request for the last page on its connection is not answered", async t => {
    const server = await serve(t)
    const last = page("/").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
    const all = await exchange(t, server.port, last + handshake())
    assert.match(all, /^HTTP\/1\.1 200 /)
    assert.ok(!all.includes("HTTP/1.1 101 "))
})
