/** Handshakes in which somebody between board and server changes something. `FUZZ` says how many, `SEED` which. */
import assert from "node:assert/strict"
import { connect } from "node:net"
import { test } from "node:test"
import { seededRandom } from "../../lib/random.ts"
import { tcpPeer } from "../wire/tcp-server.ts"
import { carry, serve, start } from "./tls-board.ts"

const FUZZ = Number(process.env.FUZZ ?? 60)
const SEED = Number(process.env.SEED ?? 1)
const UNCHANGED = 3

test(`${FUZZ} handshakes in which something is wrong: an error each, and then right ones`, async t => {
    const random = seededRandom(SEED)
    const below = (n: number) => Math.floor(random() * n)

    /** Never the same bytes. */
    function change(bytes: Buffer): Buffer[] {
        const before = Buffer.from(bytes)
        const at = below(bytes.length)
        const kind = below(6)
        if (kind === 0) return [bytes, bytes]
        if (kind === 1) return [bytes.subarray(0, at)]
        if (kind === 2) return [bytes.subarray(0, at), bytes.subarray(at + 1)]
        if (kind === 3) bytes.writeUInt16BE(below(65536), 3)
        else
            for (let k = below(4); k >= 0; k--)
                bytes[below(bytes.length)] = below(256)
        if (bytes.equals(before)) bytes[at] ^= 1
        return [bytes]
    }

    const { port } = await serve(t)
    let connections = 0
    const between = await tcpPeer(t, board => {
        const isRight = ++connections > FUZZ
        const server = connect({ port, host: "127.0.0.1" })
        server.on("error", () => board.destroy())
        // ServerHello, ServerHelloDone, ChangeCipherSpec, Finished
        const victim = below(4)
        carry(server, board, (bytes, n) => {
            if (isRight || n !== victim) return [bytes]
            // no more: nobody has to wait for what does not come
            setImmediate(() => server.end())
            return change(bytes)
        })
        carry(board, server, bytes => [bytes])
    })
    const board = await start(t, {
        port: between,
        mode: "redial",
        count: FUZZ + UNCHANGED,
    })
    const [line, right] = await board.expect(
        /^redialled \d+, right (\d+)$/,
        30_000 + 1000 * FUZZ
    )
    t.diagnostic(`seed ${SEED}: ${line}`)
    assert.equal(+right, UNCHANGED)
})
