/** The end of a connection, RFC 6455, 5.5.1 and 7. */
import {
    BINARY,
    CLOSE,
    closeFrame,
    CONTINUATION,
    frame,
    PING,
    TEXT,
} from "../../wire/frames.ts"
import { binary, text } from "../payloads.ts"
import {
    closes,
    closesWith,
    echoOf,
    expect,
    fails,
    roundTrip,
    send,
    type Case,
    type Step,
} from "../script.ts"

/** RFC 6455, 7.4.1; IANA's registry has 1012-1014; 7.4.2 the ranges for libraries and applications. */
const VALID = [
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
    3000, 3999, 4000, 4999,
]
/** Below 1000 unused, 1004-1006 and 1015 not for the wire, others reserved. */
const INVALID = [
    0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 5001,
    32768, 65535,
]

const END: Step = expect({ type: "end" })
const CLOSED: Step = expect({ type: "close", code: 1000, reason: "" })

export function closing(): Case[] {
    return [
        ...lengths(),
        ...codes(),
        ...reasons(),
        ...behind(),
        ...inside(),
        ...withoutClose(),
    ]
}

function lengths(): Case[] {
    const good = Array.from({ length: 124 }, (_, length): Case => ({
        name: `a reason of ${length} B`,
        section: "5.5.1",
        script: () => closesWith([], 1000, text(length).toString()),
    }))
    const long = frame(CLOSE, Buffer.concat([Buffer.from([3, 232]), text(124)]))
    const bad = (name: string, bytes: Uint8Array): Case => ({
        name,
        section: "5.5, 5.5.1",
        script: () => fails([send(bytes)]),
    })
    return [
        {
            name: "an empty Close frame",
            section: "5.5.1, 7.1.5",
            script: () => closesWith([], undefined),
        },
        bad("a Close frame with 1 B", frame(CLOSE, "a")),
        ...good,
        bad("a Close frame with 126 B", long),
        bad("the header of a Close frame with 126 B", long.subarray(0, 4)),
        bad(
            "a Close frame that is not final",
            frame(CLOSE, "", { fin: false })
        ),
    ]
}

function codes(): Case[] {
    return [
        ...VALID.map((code): Case => ({
            name: `code ${code}`,
            section: "7.4",
            script: () => closesWith([], code, "because"),
        })),
        ...VALID.map((code): Case => ({
            name: `code ${code} without a reason`,
            section: "7.4",
            script: () => closesWith([], code),
        })),
        ...INVALID.map((code): Case => ({
            name: `code ${code}, which must not be sent`,
            section: "7.4",
            script: () => fails([send(closeFrame(code, "because"))]),
        })),
    ]
}

function reasons(): Case[] {
    const bad: [string, string][] = [
        ["a continuation byte", "80"],
        ["an overlong", "c0af"],
        ["a surrogate", "eda080"],
        ["U+110000", "f4908080"],
        ["2 bytes of 3 at the end", "e282"],
        ["a bad byte between good text", "cebaff61"],
    ]
    const good = ["κόσμε", "😀", "\uffff", "\ufffe!", "\u0000"]
    return [
        ...good.map((reason): Case => ({
            name: `reason ${JSON.stringify(reason)}`,
            section: "5.5.1",
            script: () => closesWith([], 1000, reason),
        })),
        ...bad.map(([name, hex]): Case => ({
            name: `a reason with ${name}`,
            section: "5.5.1, 8.1",
            script: () =>
                fails([send(closeFrame(1000, Buffer.from(hex, "hex")))], 1007),
        })),
    ]
}

/** Nothing that comes after a Close frame counts, and nothing is sent after one. */
function behind(): Case[] {
    const after = (name: string, ...frames: Buffer[]): Case => ({
        name: `${name} behind a Close frame`,
        section: "5.5.1, 7.1.6",
        size: Buffer.concat(frames).length,
        script: () => ({
            steps: [
                send(closeFrame(1000), ...frames),
                CLOSED,
                { end: "FIN" },
                END,
            ],
            sight: { code: 1000, messages: 0, wasClean: true, error: null },
        }),
    })
    return [
        after("a text", frame(TEXT, "unheard")),
        after("a ping", frame(PING, "unheard")),
        after("a second Close frame", closeFrame(1001)),
        after("an invalid frame", frame(TEXT, "unheard", { rsv: 7 })),
        after("a reserved opcode", frame(11)),
        after("256 KB", frame(BINARY, binary(1 << 18))),
        {
            name: "a text that comes when the client has answered the Close frame",
            section: "5.5.1",
            script: () => ({
                steps: [
                    send(closeFrame(1000)),
                    CLOSED,
                    send(frame(TEXT, "late")),
                    { end: "FIN" },
                    END,
                ],
                sight: { code: 1000, messages: 0, wasClean: true, error: null },
            }),
        },
    ]
}

/** Messages before the Close frame are echoed; one that is not complete is given up. */
function inside(): Case[] {
    const started = frame(TEXT, "a", { fin: false })
    return [
        {
            name: "a message, then a Close frame without waiting: the echo comes first",
            section: "5.5.1, 7.1.2",
            script: () => ({
                steps: [
                    send(frame(TEXT, "Hello"), closeFrame(1000)),
                    echoOf(TEXT, "Hello"),
                    CLOSED,
                    { end: "FIN" },
                    END,
                ],
                sight: { code: 1000, messages: 1, wasClean: true, error: null },
            }),
        },
        {
            name: "fifty messages, then a Close frame without waiting: the echoes come first",
            section: "5.5.1, 7.1.2",
            script: () => {
                const texts = Array.from(
                    { length: 50 },
                    (_, i) => `number ${i}`
                )
                return {
                    steps: [
                        send(
                            ...texts.map(n => frame(TEXT, n)),
                            closeFrame(1000)
                        ),
                        ...texts.map(n => echoOf(TEXT, n)),
                        CLOSED,
                        { end: "FIN" },
                        END,
                    ],
                    sight: {
                        code: 1000,
                        messages: 50,
                        wasClean: true,
                        error: null,
                    },
                }
            },
        },
        {
            name: "256 KB, then a Close frame without waiting: the echo comes first",
            section: "5.5.1, 7.1.2",
            size: 1 << 18,
            script: () => ({
                steps: [
                    send(frame(BINARY, binary(1 << 18)), closeFrame(1000)),
                    echoOf(BINARY, binary(1 << 18)),
                    CLOSED,
                    { end: "FIN" },
                    END,
                ],
                sight: { code: 1000, messages: 1, wasClean: true, error: null },
            }),
        },
        {
            name: "a Close frame between two fragments",
            section: "5.4, 5.5.1",
            script: () => closes([send(started)]),
        },
        {
            name: "a Close frame between two fragments, the other one behind it",
            section: "5.4, 5.5.1",
            script: () => ({
                steps: [
                    send(started, closeFrame(1000), frame(CONTINUATION, "b")),
                    CLOSED,
                    { end: "FIN" },
                    END,
                ],
                sight: { code: 1000, messages: 0, wasClean: true, error: null },
            }),
        },
        {
            name: "a Close frame behind the echo of 256 KB",
            section: "5.5.1",
            size: 1 << 18,
            script: () => closes([...roundTrip(BINARY, binary(1 << 18))]),
        },
    ]
}

function withoutClose(): Case[] {
    return [
        {
            name: "TCP closed without a Close frame",
            section: "7.1.5",
            script: () => ({
                steps: [...roundTrip(TEXT, "a"), { end: "FIN" }, END],
                sight: {
                    code: 1006,
                    messages: 1,
                    wasClean: false,
                },
            }),
        },
        {
            name: "TCP closed inside of a frame",
            section: "7.1.5",
            script: () => ({
                steps: [
                    send(frame(TEXT, "abc", { announced: 10 })),
                    { end: "FIN" },
                    END,
                ],
                sight: {
                    code: 1006,
                    messages: 0,
                    wasClean: false,
                },
            }),
        },
        {
            name: "TCP reset",
            section: "7.1.5",
            script: () => ({
                steps: [...roundTrip(TEXT, "a"), { end: "RST" }, END],
                sight: { code: 1006, wasClean: false, error: /^StreamError: / },
            }),
        },
        {
            name: "the server does not hang up: the client does",
            section: "7.1.1",
            options: { closeTimeout: 300 },
            script: () => ({
                steps: [send(closeFrame(1000)), CLOSED, END],
                sight: { code: 1000, wasClean: true, error: null },
            }),
        },
        {
            name: "the server breaks the protocol and does not hang up: the client does",
            section: "7.1.7",
            options: { closeTimeout: 300 },
            script: () => ({
                steps: [
                    send(frame(11)),
                    expect({ type: "close", code: 1002, reason: "" }),
                    END,
                ],
                sight: {
                    code: 1002,
                    wasClean: false,
                    error: /^ProtocolError: /,
                },
            }),
        },
        {
            name: "the client has failed: good frames behind are not heard",
            section: "7.1.7",
            script: () =>
                fails([
                    send(
                        frame(11),
                        frame(TEXT, "unheard"),
                        frame(PING, "unheard")
                    ),
                ]),
        },
        {
            name: "the echo of a message before TCP is closed",
            section: "7.1.5",
            script: () => ({
                steps: [
                    send(frame(TEXT, "Hello")),
                    echoOf(TEXT, "Hello"),
                    { end: "FIN" },
                    END,
                ],
                sight: {
                    code: 1006,
                    messages: 1,
                    wasClean: false,
                },
            }),
        },
    ]
}
