/** Pings and pongs, RFC 6455, 5.5.2 and 5.5.3. */
import {
    BINARY,
    CONTINUATION,
    fragments,
    frame,
    PING,
    PONG,
    TEXT,
} from "../../wire/frames.ts"
import { binary, text } from "../payloads.ts"
import {
    closes,
    echoOf,
    fails,
    pong,
    replies,
    roundTrip,
    send,
    type Case,
    type Step,
} from "../script.ts"

const FLOOD = 1000

export function control(): Case[] {
    return [...pings(), ...pongs(), ...between(), ...bad()]
}

function pings(): Case[] {
    const ping = (name: string, payload: string | Buffer): Case => ({
        name: `a ping with ${name}`,
        section: "5.5.2",
        script: () => closes([send(frame(PING, payload)), pong(payload)]),
    })
    return [
        ping("nothing in it", ""),
        ping("text in it", "Hello, world!"),
        ping(
            "bytes in it that are not UTF-8",
            Buffer.from("00fffefdfcfb00ff", "hex")
        ),
        ping("124 B in it", binary(124)),
        ping("125 B in it", binary(125)),
        {
            name: "ten pings, one after the other",
            section: "5.5.2",
            script: () =>
                closes(
                    numbered(10).flatMap(payload => [
                        send(frame(PING, payload)),
                        pong(payload),
                    ])
                ),
        },
        {
            name: "ten pings without waiting: all pongs, in order",
            section: "5.5.3",
            script: () => closes(flood(10)),
        },
        {
            name: `${FLOOD} pings of 125 B without waiting: all pongs, in order`,
            section: "5.5.3",
            size: FLOOD * 125,
            script: () => closes(flood(FLOOD, 125)),
        },
        {
            name: `a ping, then a message: the pong comes before the echo`,
            section: "5.5.2",
            script: () =>
                closes([
                    send(frame(PING, "first"), frame(TEXT, "second")),
                    pong("first"),
                    echoOf(TEXT, "second"),
                ]),
        },
        {
            name: "200 times a ping and a message, without waiting",
            section: "5.5.2",
            script: () => {
                const pairs = numbered(200)
                return closes([
                    ...pairs.map(n => send(frame(PING, n), frame(TEXT, n))),
                    replies(...pairs.flatMap(n => [pong(n), echoOf(TEXT, n)])),
                ])
            },
        },
    ]
}

function pongs(): Case[] {
    return [
        {
            name: "a pong that nobody asked for",
            section: "5.5.3",
            script: () => closes([send(frame(PONG)), ...roundTrip(TEXT, "on")]),
        },
        {
            name: "a pong with 125 B that nobody asked for",
            section: "5.5.3",
            script: () =>
                closes([
                    send(frame(PONG, binary(125))),
                    ...roundTrip(TEXT, "on"),
                ]),
        },
        {
            name: "a pong that nobody asked for, then a ping",
            section: "5.5.3",
            script: () =>
                closes([
                    send(frame(PONG, "mine"), frame(PING, "yours")),
                    pong("yours"),
                ]),
        },
        {
            name: `${FLOOD} pongs without waiting`,
            section: "5.5.3",
            script: () =>
                closes([
                    send(...numbered(FLOOD).map(n => frame(PONG, n))),
                    ...roundTrip(TEXT, "on"),
                ]),
        },
    ]
}

function between(): Case[] {
    const [one, two, three] = fragments(TEXT, "abcdef", [2, 4])
    return [
        {
            name: "a ping between two fragments",
            section: "5.4, 5.5",
            script: () =>
                closes([
                    send(one, frame(PING, "between"), two, three),
                    pong("between"),
                    echoOf(TEXT, "abcdef"),
                ]),
        },
        {
            name: "a pong between two fragments",
            section: "5.4, 5.5",
            script: () =>
                closes([
                    send(one, frame(PONG, "between"), two, three),
                    echoOf(TEXT, "abcdef"),
                ]),
        },
        {
            name: "a ping in each gap of 200 fragments",
            section: "5.4, 5.5",
            size: 25_000,
            script: () => {
                const data = text(25_000)
                const cuts = Array.from(
                    { length: 199 },
                    (_, i) => 125 * (i + 1)
                )
                const parts = fragments(TEXT, data, cuts)
                const gaps = numbered(199)
                return closes([
                    ...parts.flatMap((part, i) =>
                        i
                            ? [send(frame(PING, gaps[i - 1]), part)]
                            : [send(part)]
                    ),
                    ...gaps.map(n => pong(n)),
                    echoOf(TEXT, data),
                ])
            },
        },
        {
            name: `${FLOOD} pings between two fragments`,
            section: "5.4, 5.5.3",
            script: () => {
                const [first, last] = fragments(BINARY, binary(300), [150])
                return closes([
                    send(first),
                    ...flood(FLOOD),
                    send(last),
                    echoOf(BINARY, binary(300)),
                ])
            },
        },
        {
            name: "a pong while the rest of the message is still to come",
            section: "5.4, 5.5.2",
            script: () =>
                closes([
                    send(one, frame(PING, "now")),
                    pong("now"),
                    send(two, three),
                    echoOf(TEXT, "abcdef"),
                ]),
        },
    ]
}

/** Control frames that are too long or in parts; what follows is withheld. */
function bad(): Case[] {
    const cases: [string, Step[]][] = []
    for (const [name, opcode] of [
        ["ping", PING],
        ["pong", PONG],
    ] as const) {
        const long = frame(opcode, binary(126))
        cases.push(
            [`a ${name} with 126 B`, [send(long)]],
            [`the header of a ${name} with 126 B`, [send(long.subarray(0, 4))]],
            [
                `the header of a ${name} with 65,536 B`,
                [send(frame(opcode, "", { announced: 65536 }))],
            ],
            [
                `a ${name} that is the first of two fragments`,
                [send(frame(opcode, "a", { fin: false }))],
            ],
            [
                `the first byte of a fragmented ${name}, then nothing`,
                [send(Buffer.from([opcode, 0]))],
            ]
        )
    }
    return [
        ...cases.map(([name, steps]) => ({
            name,
            section: "5.5",
            script: () => fails(steps),
        })),
        {
            name: "a fragmented ping between two fragments of a text",
            section: "5.5",
            script: () =>
                fails([
                    send(
                        frame(TEXT, "a", { fin: false }),
                        frame(PING, "b", { fin: false }),
                        frame(CONTINUATION, "c")
                    ),
                ]),
        },
    ]
}

function numbered(count: number): string[] {
    return Array.from({ length: count }, (_, i) => `number ${i}`)
}

function flood(count: number, size = 0): Step[] {
    const payloads = numbered(count).map(n => n.padEnd(size, "."))
    return [
        send(...payloads.map(payload => frame(PING, payload))),
        ...payloads.map(payload => pong(payload)),
    ]
}
