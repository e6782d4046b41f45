import assert from "node:assert/strict"
import { test } from "node:test"
import type { ServerEvent } from "../../server/telemetry/events.ts"
import { jsonLine, textLine } from "../../server/telemetry/log.ts"

const from = { time: "2026-01-02T03:04:05.678Z", peer: "127.0.0.1:50000" }
const START = "2026-01-02T03:04:05.678Z 127.0.0.1:50000 "

const text = (data: string): ServerEvent => ({
    event: "message",
    type: "text",
    data,
    ...from,
})

const LINES: [ServerEvent, string][] = [
    [
        {
            event: "connection",
            path: "/ws",
            origin: "http://a",
            protocol: "chat",
            version: "RFC 6455",
            ...from,
        },
        'connection "/ws" origin "http://a" subprotocol "chat"',
    ],
    [
        { event: "connection", path: "/", version: "hixie-76", ...from },
        'connection "/" hixie-76',
    ],
    [text("é😀"), 'message text "é😀"'],
    [
        {
            event: "reply",
            type: "binary",
            data: Buffer.from([0, 255]),
            ...from,
        },
        "reply binary 00ff",
    ],
    [
        { event: "close", code: 1000, reason: "bye", sent: 1000, ...from },
        'close 1000 "bye"',
    ],
    [
        { event: "close", code: 1006, reason: "", sent: 1009, ...from },
        "close 1006, sent 1009",
    ],
    [{ event: "failure", reason: "no pong", ...from }, 'failure "no pong"'],
    [
        { event: "refused", status: 404, reason: "Not found", ...from },
        'refused 404 "Not found"',
    ],
    [{ event: "certificate", ...from }, "certificate reloaded"],
    [
        { event: "certificate", problem: "no file", ...from },
        'certificate reload failed, keeping the old one: "no file"',
    ],
    [
        { event: "pause", buffered: 7, ...from },
        "pause: 7 bytes of replies are unread",
    ],
]

for (const [event, line] of LINES)
    test(`${event.event} is logged with time and peer: ${line}`, () => {
        assert.equal(textLine(event), START + line)
    })

const HOSTILE = {
    "a line of its own": "x\r\n2026-01-02 forged",
    "terminal commands": "\x1b[2J\x9b31m\x07\x7f",
    "line and paragraph separators": "a\u2028b\u2029c",
    "writing direction": "a\u202eb\u2066c\u200fd\u061ce",
}

for (const [name, data] of Object.entries(HOSTILE))
    for (const lineOf of [textLine, jsonLine])
        test(`${name} in a message is escaped by ${lineOf.name}`, () => {
            const line = lineOf(text(data))
            assert.match(line, /^[\x20-\x7e]+$/)
            const quoted = /"data":("[^"]*")|text ("[^"]*")/.exec(line)
            assert.equal(JSON.parse(quoted![1] ?? quoted![2]), data)
        })

for (const lineOf of [textLine, jsonLine])
    test(`what a peer writes into its handshake makes no long line by ${lineOf.name}`, () => {
        const long = "x".repeat(15_000)
        const refused = { event: "refused", status: 421, ...from } as const
        const open = { event: "connection", version: "RFC 6455" } as const
        for (const event of [
            { ...refused, reason: `not known as ${long}` },
            { ...open, ...from, path: long, origin: long, protocol: long },
            { event: "close", code: 1000, reason: long, ...from } as const,
        ]) {
            const { length } = lineOf(event)
            assert.ok(length > 512 && length < 2000, `${length} characters`)
        }
    })

test("a close reason is escaped too", () => {
    const close = { event: "close", code: 4000, ...from } as const
    assert.match(textLine({ ...close, reason: "\n" }), /close 4000 "\\n"$/)
})

test("a long text is cut between code points and its length told", () => {
    const line = textLine(text("x" + "😀".repeat(1000)))
    assert.equal(
        line,
        `${START}message text "x${"😀".repeat(127)}"… (4001 bytes)`
    )
})

test("a text of the shown length is not cut", () => {
    const data = "😀".repeat(128)
    assert.equal(textLine(text(data)), `${START}message text "${data}"`)
})

test("a long binary message is cut and its length told", () => {
    const event = { event: "message", type: "binary", ...from } as const
    const line = textLine({ ...event, data: Buffer.alloc(1000, 0xab) })
    assert.equal(
        line,
        `${START}message binary ${"ab".repeat(128)}… (1000 bytes)`
    )
})

test("JSON has the length in bytes and tells that it is shortened", () => {
    const event = { event: "message", type: "binary", ...from } as const
    assert.deepEqual(JSON.parse(jsonLine(text("é"))), {
        level: "debug",
        ...text("é"),
        length: 2,
    })
    assert.deepEqual(
        JSON.parse(jsonLine({ ...event, data: Buffer.alloc(129) })),
        {
            level: "debug",
            ...event,
            data: "00".repeat(128),
            length: 129,
            shortened: true,
        }
    )
})
