import { setTimeout as sleep } from "node:timers/promises"
import { deflateRawSync } from "node:zlib"
import { deflated } from "../../test/wire/deflated.ts"
import { attempt, dial, frame, handshake, outcomeOf } from "./wire.ts"
import type { Outcome } from "./wire.ts"

/** Something hostile, and how it has to end. */
export interface Attack {
    name: string
    /** Attempts under way at a time */
    width: number
    /** The plotter's port for data sources, or a relay's rooms; default: a server that answers */
    at?: "sources" | "rooms"
    /** One attempt */
    run(port: number, number: number): Promise<Outcome>
    /** The ends that mean that the server held */
    expected: RegExp
}

const TEXT = 0x81
const NOISE = Buffer.from(
    Array.from({ length: 4096 }, (_, i) => (i * 73) % 251)
)

/** Of several, the one of an attempt's number. */
const pick = <T>(choices: T[], number: number) =>
    choices[number % choices.length]

const BROKEN_UPGRADES = [
    NOISE,
    "\r\n\r\n\r\n",
    "GET /ws HTTP/9.9\r\n\r\n",
    `GET /ws HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
    "GET\0/ws HTTP/1.1\r\n\r\n",
    handshake({ "Sec-WebSocket-Key": "short" }),
    handshake({ "Sec-WebSocket-Version": "99" }),
    handshake({ Host: undefined }),
    handshake({}, "POST /ws HTTP/1.1"),
    handshake({}, "GET /../../etc/passwd HTTP/1.1"),
    handshake({ "Sec-WebSocket-Protocol": "a,b c" }),
    handshake({ Upgrade: "h2c" }),
    handshake({ "Content-Length": "2" }) + "\x88\x80",
    handshake({ "Transfer-Encoding": "chunked" }) + "0\r\n\r\n",
    handshake({ Host: "good.example\r\nHost: localhost" }),
]

const VIOLATIONS = [
    // not masked
    Buffer.from("810161", "hex"),
    // reserved bits, reserved opcodes
    frame(0xf1, "x"),
    frame(0x83, "x"),
    frame(0x8f),
    // a Ping in fragments, a Ping that is too long
    frame(0x09, "x"),
    frame(0x89, Buffer.alloc(126)),
    // a continuation of nothing, a message within a message
    frame(0x80, "x"),
    Buffer.concat([frame(0x01, "x"), frame(TEXT, "y")]),
    // no UTF-8; close codes that nobody may send
    frame(TEXT, Buffer.from([0xc0, 0xaf])),
    frame(0x88, Buffer.from([0x03, 0xed])),
    frame(0x88, Buffer.from([0x03])),
]

/** The older drafts: bytes that websocket-driver throws at, and keys that are not keys. */
const OLD = {
    Upgrade: "WebSocket",
    Origin: "http://good.example",
    "Sec-WebSocket-Key": undefined,
    "Sec-WebSocket-Version": undefined,
}
const DRAFTS = [
    [
        handshake(OLD),
        Buffer.concat([Buffer.from("8001ff", "hex"), Buffer.alloc(2_000_000)]),
    ],
    [handshake(OLD), Buffer.from("80" + "ff".repeat(64), "hex")],
    [
        handshake({
            ...OLD,
            "Sec-WebSocket-Key1": "99999999999 1",
            "Sec-WebSocket-Key2": "1 1",
        }),
        "12345678",
    ],
    [
        handshake({
            ...OLD,
            "Sec-WebSocket-Key1": "12",
            "Sec-WebSocket-Key2": "",
        }),
        "12345678",
    ],
    [handshake({ ...OLD, "Sec-WebSocket-Key1": "" }), "12345678"],
]

/** A Close frame with code 1000 */
const CLOSE = frame(0x88, Buffer.from([0x03, 0xe8]))

/** The longest of the pages */
const PAGE = "GET /uplot.js HTTP/1.1\r\nHost: localhost\r\n\r\n"

/** Texts of nearly a megabyte: points of one series, and a series for each point */
const MANY_POINTS = ">a:" + "1:2;".repeat(240_000)
const MANY_SERIES = Array.from({ length: 90_000 }, (_, i) => `>s${i}:1`).join(
    "\n"
)

/** A handshake that agrees on permessage-deflate. */
const COMPRESSED = handshake({
    "Sec-WebSocket-Extensions": "permessage-deflate",
})

/** Zeros as DEFLATE data. */
const zeros = (length: number) => deflated(Buffer.alloc(length))

/** A binary message with RSV1. */
const compressed = (payload: Buffer) => frame(0xc2, payload)

const BOMBS = [
    compressed(zeros(64 << 20)),
    Buffer.concat([1 << 20, (1 << 20) + 1].map(zeros).map(compressed)),
    // behind a final block
    compressed(Buffer.concat([deflateRawSync("x"), zeros(64 << 20)])),
    // blocks of nothing
    compressed(Buffer.alloc(1_500_000, Buffer.from("000000ffff", "hex"))),
]

const FLOOD = Buffer.concat(Array(5000).fill(compressed(zeros(8192))))

/** Compressed messages that are none: broken, cut off, of too many final blocks, on a control frame */
const BROKEN_DEFLATE = [
    frame(0xc1, NOISE),
    frame(0xc1, Buffer.from("f248cd", "hex")),
    frame(0xc1, Buffer.alloc(2000, Buffer.from("0300", "hex"))),
    frame(0xc9, "x"),
]

const NO_SOURCES = [
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n1 2\n",
    Buffer.concat([NOISE, Buffer.from("\n")]),
    "name\n" + "nonsense\n".repeat(1000),
    "x".repeat(100_000) + "\n",
    "  M-SEARCH\t* HTTP/1.1\r\n\r\n",
    "SSH-2.0-x\r\n",
]

/** What is tried, one after the other. */
export const ATTACKS: Attack[] = [
    {
        name: "malformed upgrades",
        width: 16,
        run: (port, number) => attempt(port, pick(BROKEN_UPGRADES, number)),
        expected: /^(4\d\d|501|505|dropped)$/,
    },
    {
        name: "oversized headers",
        width: 16,
        run: (port, number) =>
            attempt(
                port,
                number % 2
                    ? handshake({ "X-Long": "x".repeat(1_000_000) })
                    : `GET /ws HTTP/1.1\r\n${"X: y\r\n".repeat(50_000)}\r\n`
            ),
        expected: /^(431|400|dropped)$/,
    },
    {
        name: "oversized frames",
        width: 16,
        run: (port, number) =>
            attempt(
                port,
                handshake(),
                number % 2
                    ? Buffer.from("82ff0000ffffffffffff00000000", "hex")
                    : Buffer.concat([
                          frame(0x02, "x"),
                          ...Array<Buffer>(40).fill(
                              frame(0x00, Buffer.alloc(32_768))
                          ),
                      ])
            ),
        expected: /^(close 1009|close 1008|dropped|429)$/,
    },
    {
        name: "forged origins",
        width: 16,
        run: (port, number) =>
            attempt(
                port,
                handshake({
                    Origin: pick(
                        [
                            "http://evil.example",
                            "null",
                            "",
                            "http://good.example.evil.example",
                        ],
                        number
                    ),
                    "X-Forwarded-For": `10.0.0.${number % 256}`,
                })
            ),
        expected: /^403$/,
    },
    {
        name: "broken rules of RFC 6455",
        width: 16,
        run: (port, number) =>
            attempt(port, handshake(), pick(VIOLATIONS, number)),
        expected: /^(close 1002|close 1007|429)$/,
    },
    {
        name: "the drafts abused",
        width: 8,
        run: (port, number) => attempt(port, ...pick(DRAFTS, number)),
        expected: /^(dropped|400|429|close \d+)$/,
    },
    {
        name: "a flood of messages",
        width: 8,
        run: (port, number) =>
            attempt(
                port,
                handshake(),
                Buffer.concat(
                    Array<Buffer>(20_000).fill(
                        number % 2 ? frame(TEXT, "flood") : frame(0x89, "ping")
                    )
                )
            ),
        expected: /^(close 1008|dropped|429)$/,
    },
    {
        name: "bombs",
        width: 8,
        run: (port, number) => attempt(port, COMPRESSED, pick(BOMBS, number)),
        expected: /^(close 1009|dropped|429)$/,
    },
    {
        name: "broken compression",
        width: 16,
        run: (port, number) =>
            attempt(port, COMPRESSED, pick(BROKEN_DEFLATE, number)),
        expected: /^(close 1002|close 1007|429)$/,
    },
    {
        name: "a flood of compressed messages",
        width: 8,
        run: port => attempt(port, COMPRESSED, FLOOD, CLOSE),
        // 1000: they were not let through faster than they may come
        expected: /^(close 1000|close 1008|dropped|429)$/,
    },
    {
        name: "a flood of fragments",
        width: 8,
        run: port =>
            attempt(
                port,
                handshake(),
                frame(0x01),
                Buffer.concat(Array<Buffer>(60_000).fill(frame(0x00)))
            ),
        expected: /^(close 1008|close 1009|dropped|429)$/,
    },
    {
        name: "slow senders",
        width: 400,
        run: async (port, number) => {
            const socket = dial(port)
            const ended = outcomeOf(socket)
            const request = number % 2 ? handshake() : `GET / HTTP/1.1\r\n`
            for (let at = 0; !socket.destroyed && at < 100; at++) {
                socket.write(request[at % request.length])
                await sleep(100)
            }
            return ended
        },
        expected: /^(408|400|dropped)$/,
    },
    {
        name: "slow readers",
        width: 24,
        run: async (port, number) => {
            const socket = dial(port).pause()
            if (number % 2) socket.write(handshake())
            // replies or pages, more than the system itself holds for who does not read
            const asked = number % 2 ? frame(0x82, Buffer.alloc(65_536)) : PAGE
            for (let count = 0; count < 400 && !socket.destroyed; count++) {
                socket.write(asked)
                if (count % 40 === 0) await sleep(20)
            }
            // longer than the stall timeout, and the time that an answer may take
            await sleep(5000)
            return outcomeOf(socket.resume())
        },
        // the answers that were on their way come first
        expected: /^(dropped|429|200)$/,
    },
    {
        name: "half-open connections",
        width: 64,
        run: async (port, number) => {
            const socket = dial(port)
            const ended = outcomeOf(socket)
            if (number % 2) socket.write(handshake() + "\x81")
            await sleep(50)
            if (number % 3) socket.resetAndDestroy()
            else socket.end()
            return ended
        },
        expected: /^(dropped|400|429|close \d+)$/,
    },
    {
        name: "a flood of connections",
        width: 600,
        run: async port => {
            const socket = dial(port)
            socket.write(handshake())
            return outcomeOf(socket, 1000)
        },
        // within the cap they may stay
        expected: /^(429|503|dropped|open)$/,
    },
    {
        name: "forged hosts",
        width: 16,
        run: (port, number) => {
            const Host = pick(
                ["evil.example", "localhost.evil.example"],
                number
            )
            const Origin = "http://good.example"
            return attempt(
                port,
                number % 2
                    ? handshake({ Host, Origin })
                    : `GET / HTTP/1.1\r\nHost: ${Host}\r\n\r\n`
            )
        },
        expected: /^421$/,
    },
    {
        name: "pages asked for before an upgrade",
        width: 8,
        run: port => attempt(port, PAGE.repeat(20), handshake(), CLOSE),
        // 200 and dropped: the pages were answered, or not read, before the address had too many connections
        expected: /^(close 1000|200|429|dropped)$/,
    },
    {
        name: "floods of points",
        width: 4,
        run: (port, number) => {
            const text = number % 2 ? MANY_POINTS : MANY_SERIES
            const headers = {
                "Sec-WebSocket-Protocol": "teleplot",
                "Device-Name": "\u00e9".repeat(50) + number,
            }
            return attempt(
                port,
                handshake(headers),
                Buffer.concat(Array<Buffer>(5).fill(frame(TEXT, text))),
                CLOSE
            )
        },
        // a 429 is lost with what was sent behind the request and nobody reads
        expected: /^(close 1000|429|dropped)$/,
    },
    {
        name: "silent and dripping data sources",
        width: 400,
        at: "sources",
        run: async (port, number) => {
            const socket = dial(port)
            const ended = outcomeOf(socket)
            for (let at = 0; !socket.destroyed && at < 100; at++) {
                if (number % 2) socket.write("x")
                await sleep(100)
            }
            return ended
        },
        expected: /^dropped$/,
    },
    {
        name: "HTTP and nonsense at the port for data sources",
        width: 16,
        at: "sources",
        run: (port, number) => attempt(port, pick(NO_SOURCES, number)),
        expected: /^dropped$/,
    },
]
