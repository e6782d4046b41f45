/** Responses to the handshake that a board has to survive, and to understand. */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { join } from "node:path"
import { test, type TestContext } from "node:test"
import { Board } from "../../sim/board.ts"
import { compileSource } from "../../sim/program.ts"
import { tcpPeer } from "../wire/tcp-server.ts"
import { serve } from "./client-peer.ts"

const ROOT = join(import.meta.dirname, "../..")
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/** A server that answers each request with what `respond` makes of it. @returns its URL, and the requests so far */
async function serveRaw(
    t: TestContext,
    respond: (request: string) => string
): Promise<{ url: string; requests: string[] }> {
    const requests: string[] = []
    const port = await tcpPeer(t, async socket => {
        const [data] = (await once(socket, "data")) as [Buffer]
        requests.push(data.toString())
        socket.write(respond(data.toString()))
    })
    return { url: `ws://127.0.0.1:${port}/`, requests }
}

/** Starts a program that connects again and again, and logs what comes of it. */
async function start(t: TestContext, url: string): Promise<Board> {
    const source = `
import { dialNative } from "./src/net/native"
import { backoff } from "./src/websocket/backoff"
import { connectOver } from "./src/websocket/connect-over"
import { reconnecting } from "./src/websocket/reconnecting"
const ws = reconnecting(
    async () => await connectOver(dialNative, "${url}"),
    backoff({ initial: 1, max: 1 }),
    {
        onopen: () => console.log("open"),
        onclose: ({ error, retry }) =>
            console.log((error ? error.message : "no error") + " " + retry),
    }
)
try {
    await ws.recv()
} catch {
    console.log("over")
}`
    const board = await Board.start(
        compileSource(source, join(ROOT, "responses.ts"))
    )
    t.after(() => board.stop())
    return board
}

function acceptance(request: string, connection: string): string {
    const key = /^sec-websocket-key: (.*)\r$/im.exec(request)![1]
    const accept = createHash("sha1")
        .update(key + GUID)
        .digest("base64")
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
        `${connection}Sec-WebSocket-Accept: ${accept}\r\n\r\n`
    )
}

const COMMAS = `Connection: ${",".repeat(500)}\r\n`

test("a list of 4,000 elements, in several lines, does not end the program", async t => {
    const { url } = await serveRaw(t, request =>
        acceptance(request, `Connection: Upgrade\r\n${COMMAS.repeat(8)}`)
    )
    const board = await start(t, url)
    await board.expect("open")
    const other = await serveRaw(t, request =>
        acceptance(request, COMMAS.repeat(8))
    )
    const refused = await start(t, other.url)
    for (let i = 0; i < 3; i++) await refused.expect(/^connection \d+$/)
})

test("nor does a redirect to a place of 7 KB", async t => {
    const { url } = await serveRaw(
        t,
        () => `HTTP/1.1 302 Found\r\nLocation: ${"/./a".repeat(1750)}\r\n\r\n`
    )
    const board = await start(t, url)
    for (let i = 0; i < 3; i++) await board.expect(/^302 Found \d+$/)
})

const LONG = "x".repeat(9000)
const FINAL = {
    "a header of 9 KB": `X: ${LONG}\r\n\r\n`,
    "9 KB of headers": `${"X: y\r\n".repeat(1500)}\r\n`,
    "headers without an end": "X: y\r\n".repeat(1500),
    "a Location of 1.5 KB": `Location: /${LONG.slice(0, 1500)}\r\n\r\n`,
    "what is no header": "x\r\n\r\n",
}
for (const [what, headers] of Object.entries(FINAL))
    test(`a refusal is final with ${what}, too`, async t => {
        const { url, requests } = await serveRaw(
            t,
            () => `HTTP/1.1 404 Not Found\r\n${headers}`
        )
        const board = await start(t, url)
        await board.expect("404 Not Found undefined")
        await board.expect("over")
        assert.equal(requests.length, 1)
    })

test("a redirect to another server takes no subprotocol and no password along", async t => {
    const target = await serve(t)
    const { url, requests } = await serveRaw(
        t,
        () => `HTTP/1.1 302 Found\r\nLocation: ${target.url}there\r\n\r\n`
    )
    const source = `
import { dialNative } from "./src/net/native"
import { basic } from "./src/websocket/basic"
import { connectOver, ConnectOptions } from "./src/websocket/connect-over"
import { headers } from "./src/websocket/headers"
import { followRedirects } from "./src/websocket/redirects"
import { subprotocols } from "./src/websocket/subprotocols"
const connect = async (url: string, options: ConnectOptions) =>
    await connectOver(dialNative, url, options)
const ws = await followRedirects(connect)("${url.replace("//", "//user:pass@")}", {
    handshake: [basic(), subprotocols("bearer.secret"), headers({ Cookie: "a" })],
})
await ws.send("there")`
    const board = await Board.start(
        compileSource(source, join(ROOT, "redirect.ts"))
    )
    t.after(() => board.stop())
    const peer = await target.next()
    await peer.expect("there")
    assert.equal(peer.request.url, "/there")
    assert.match(requests[0], /bearer\.secret/)
    const { headers } = peer.request
    assert.deepEqual(
        [
            headers["sec-websocket-protocol"],
            headers.authorization,
            headers.cookie,
        ],
        [undefined, undefined, undefined]
    )
})
