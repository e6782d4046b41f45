/**
 * Many messages of each length, kind and offer, whole and in fragments, as the public conformance suite for WebSockets
 * has them in its sections on compression; `MESSAGES=1000` makes them as many as there.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { json, noise, prose } from "./compression-data.ts"
import { connect, serve, type Client } from "./peers.ts"

const MESSAGES = Number(process.env.MESSAGES ?? 3)

/** Messages on the way at a time. */
const DEPTH = 4

/** Bytes of a message, and of its fragments. */
const SHAPES: [size: number, fragment: number][] = [
    ...[16, 64, 256, 1024, 4096].map(size => [size, size]),
    ...[8192, 16_384, 32_768, 65_536, 131_072].map(size => [size, size]),
    ...[8192, 16_384, 32_768, 65_536, 131_072].map(size => [size, 256]),
    ...[1024, 4096, 32_768].map(fragment => [131_072, fragment]),
] as [number, number][]

const LONGEST = 131_072

/** What messages are cut out of, twice as long as the longest of them; whether it is text. */
const KINDS: Record<string, [data: Buffer, isText: boolean]> = {
    JSON: [Buffer.from(json(2 * LONGEST)), true],
    prose: [
        Buffer.from(prose("the quick brown fox jumps over", 2 * LONGEST)),
        true,
    ],
    noise: [noise(2 * LONGEST), false],
    "a byte again and again": [Buffer.alloc(2 * LONGEST, "x"), true],
    "half noise": [
        Buffer.concat(
            Array.from({ length: 256 }, (_, i) => [
                noise(512).subarray(i),
                Buffer.alloc(512 + i, i),
            ]).flat()
        ),
        false,
    ],
}

/** Each kind with the simplest offer, and JSON with all the others. */
const CASES: [kind: string, offer: string][] = [
    ...Object.keys(KINDS).map(kind => [kind, "client_max_window_bits"]),
    ...[
        "",
        "; server_no_context_takeover",
        "; server_max_window_bits=9",
        "; server_max_window_bits=15",
        "; server_no_context_takeover; server_max_window_bits=9",
        "; server_no_context_takeover; server_max_window_bits=15",
        "; server_no_context_takeover; server_max_window_bits=9, permessage-deflate; server_no_context_takeover, permessage-deflate",
    ].map(rest => [
        "JSON",
        `client_no_context_takeover; client_max_window_bits${rest}`,
    ]),
] as [string, string][]

/** The bytes of message `index`: another piece of `data` each time. */
function piece(data: Buffer, size: number, index: number): Buffer {
    const at = (index * 7919) % (data.length - size)
    return data.subarray(at, at + size)
}

function send(
    { ws }: Client,
    message: Buffer,
    fragment: number,
    isText: boolean
): void {
    const options = { binary: !isText, compress: true }
    for (let at = 0; at < message.length; at += fragment) {
        const end = at + fragment
        const fin = end >= message.length
        ws.send(message.subarray(at, end), { ...options, fin })
    }
}

for (const [kind, offer] of CASES)
    test(`${kind}, offered ${offer}`, async t => {
        const { url } = await serve(t, { mode: "echo", compress: true })
        const [data, isText] = KINDS[kind]
        for (const [size, fragment] of SHAPES) {
            const client = await connect(t, url, {
                perMessageDeflate: { threshold: 0 },
                finishRequest: request => {
                    const field = `permessage-deflate; ${offer}`
                    request.setHeader("Sec-WebSocket-Extensions", field)
                    request.end()
                },
            })
            assert.equal(client.ws.extensions, "permessage-deflate")
            for (let i = 0; i < MESSAGES + DEPTH; ++i) {
                if (i < MESSAGES)
                    send(client, piece(data, size, i), fragment, isText)
                if (i < DEPTH) continue
                const reply = await client.receive()
                const expected = piece(data, size, i - DEPTH)
                assert.equal(reply.isBinary, !isText)
                assert.ok(
                    reply.data.equals(expected),
                    `message ${i - DEPTH} of ${size} bytes in ${fragment}`
                )
            }
            client.ws.terminate()
        }
    })
