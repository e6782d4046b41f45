/** Whoever is between a board that speaks TLS by a pre-shared key and its server changes what the server says. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    ALERT,
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    HANDSHAKE,
    intercept,
    record,
    serve,
    start,
} from "./tls-board.ts"

/** Server to board: ServerHello and ServerHelloDone (0, 1 or together 0), ChangeCipherSpec, Finished, data. */
const attacks: [string, (bytes: Buffer, n: number) => Buffer[], RegExp][] = [
    [
        "an older version",
        (bytes, n) => {
            if (n === 0) bytes[10] = 2
            return [bytes]
        },
        /tls: version/,
    ],
    [
        "another suite",
        (bytes, n) => {
            if (n === 0) bytes[5 + 4 + 35 + bytes[43] + 1] ^= 1
            return [bytes]
        },
        /tls: (choice|alert)/,
    ],
    [
        "another random",
        (bytes, n) => {
            if (n === 0) bytes[20] ^= 1
            return [bytes]
        },
        /tls: (alert 20|bad record)/,
    ],
    [
        "no ChangeCipherSpec",
        bytes => (bytes[0] === CHANGE_CIPHER_SPEC ? [] : [bytes]),
        /tls: /,
    ],
    [
        "two ChangeCipherSpecs",
        bytes => (bytes[0] === CHANGE_CIPHER_SPEC ? [bytes, bytes] : [bytes]),
        /tls: bad record/,
    ],
    [
        "data before the handshake is over",
        (bytes, n) =>
            n === 0 ? [record(APPLICATION_DATA, Buffer.from("data"))] : [bytes],
        /tls: unexpected message/,
    ],
    [
        "certificates",
        (bytes, n) =>
            n === 0
                ? [
                      split(bytes)[0],
                      record(HANDSHAKE, Buffer.from([11, 0, 0, 3, 0, 0, 0])),
                  ]
                : [bytes],
        /tls: unexpected message/,
    ],
    [
        "a record of 16 KB",
        (bytes, n) =>
            n === 0 ? [record(HANDSHAKE, Buffer.alloc(16384))] : [bytes],
        /tls: record too long/,
    ],
    [
        "a handshake message of 16 MB",
        (bytes, n) =>
            n === 0
                ? [record(HANDSHAKE, Buffer.from([2, 255, 255, 255]))]
                : [bytes],
        /tls: unexpected message/,
    ],
    [
        "a fatal alert",
        (bytes, n) =>
            n === 0 ? [record(ALERT, Buffer.from([2, 80]))] : [bytes],
        /tls: alert 80/,
    ],
    [
        "a half alert",
        (bytes, n) => (n === 0 ? [record(ALERT, Buffer.from([2]))] : [bytes]),
        /tls: unexpected message/,
    ],
    [
        "close_notify",
        (bytes, n) =>
            n === 0 ? [record(ALERT, Buffer.from([1, 0]))] : [bytes],
        /tls: closed/,
    ],
    [
        "HTTP",
        (bytes, n) =>
            n === 0
                ? [Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")]
                : [bytes],
        /tls: unexpected message/,
    ],
]
/** ServerHello apart from what follows in the same record. */
function split(bytes: Buffer): [Buffer, Buffer] {
    const end = 5 + 4 + bytes.readUInt16BE(7)
    return [record(HANDSHAKE, bytes.subarray(5, end)), bytes.subarray(end)]
}
for (const [what, alter, complaint] of attacks)
    test(`in the handshake, ${what}: an error`, async t => {
        const { port } = await serve(t)
        const between = await intercept(t, port, alter)
        const board = await start(t, { port: between, timeout: 4000 })
        await board.expect(complaint)
    })

/** What becomes of the second record of application data. */
const changes: [string, (bytes: Buffer, before: Buffer) => Buffer[], RegExp][] =
    [
        [
            "with a flipped bit",
            bytes => {
                bytes[9] ^= 4
                return [bytes]
            },
            /tls: bad record/,
        ],
        [
            "of another type",
            bytes => {
                bytes[0] = HANDSHAKE
                return [bytes]
            },
            /tls: bad record/,
        ],
        ["that was there before", (_, before) => [before], /tls: bad record/],
        [
            "of which the end is missing",
            bytes => [bytes.subarray(0, 20)],
            /received undefined/,
        ],
        [
            "that is too large",
            () => [record(APPLICATION_DATA, Buffer.alloc(1041))],
            /tls: record too long/,
        ],
        [
            "that is too short",
            () => [record(APPLICATION_DATA, Buffer.alloc(15))],
            /tls: bad record/,
        ],
    ]
for (const [what, change, complaint] of changes)
    test(`a record ${what}: an error, and no data`, async t => {
        const { port } = await serve(t)
        let before: Buffer | undefined
        const between = await intercept(t, port, bytes => {
            if (bytes[0] !== APPLICATION_DATA) return [bytes]
            if (before) return change(bytes, before)
            before = Buffer.from(bytes)
            return [bytes]
        })
        const board = await start(t, {
            port: between,
            mode: "echo",
            count: 3,
            timeout: 3000,
        })
        await board.expect(/^error: (.*)$/)
        const { text } = board.log.findLast(line =>
            line.text.startsWith("error")
        )!
        assert.match(text, complaint)
        assert.ok(!board.log.some(line => line.text.startsWith("echo done")))
    })
