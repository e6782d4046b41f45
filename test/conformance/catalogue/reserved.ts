/** Reserved bits and opcodes, RFC 6455, 5.2: the client fails at the first byte of the frame. */
import {
    CLOSE,
    CONTINUATION,
    frame,
    PING,
    PONG,
    TEXT,
    BINARY,
} from "../../wire/frames.ts"
import {
    fails,
    echoOf,
    pong,
    replies,
    roundTrip,
    send,
    type Case,
    type Step,
} from "../script.ts"

const OPCODES: [string, number][] = [
    ["text", TEXT],
    ["binary", BINARY],
    ["close", CLOSE],
    ["ping", PING],
    ["pong", PONG],
]
const RESERVED = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]

export function reservedBits(): Case[] {
    const cases: Case[] = []
    for (let rsv = 1; rsv < 8; rsv++) {
        const bits = [1, 2, 3].filter(n => rsv & (8 >> n)).map(n => `RSV${n}`)
        const add = (what: string, steps: Step[]) =>
            cases.push({
                name: `${bits.join(", ")} set in ${what}`,
                section: "5.2",
                script: () => fails(steps),
            })
        for (const [name, opcode] of OPCODES)
            add(`an empty ${name} frame`, [send(frame(opcode, "", { rsv }))])
        add("a text frame of which only the header comes", [
            send(frame(TEXT, "", { rsv, announced: 5 })),
        ])
        add("a text frame behind a good one", [
            ...roundTrip(TEXT, "good"),
            send(frame(TEXT, "bad", { rsv })),
        ])
        add(
            "a text frame right behind a good one and a ping, with more behind",
            [
                send(
                    frame(TEXT, "good"),
                    frame(PING, "good"),
                    frame(TEXT, "bad", { rsv }),
                    frame(PING, "unheard")
                ),
                replies(echoOf(TEXT, "good"), pong("good")),
            ]
        )
        add("a continuation", [
            send(
                frame(TEXT, "good", { fin: false }),
                frame(CONTINUATION, "bad", { rsv })
            ),
        ])
    }
    return cases
}

export function reservedOpcodes(): Case[] {
    return RESERVED.flatMap(opcode => {
        const one = (what: string, steps: Step[]): Case => ({
            name: `opcode ${opcode} ${what}`,
            section: "5.2",
            script: () => fails(steps),
        })
        return [
            one("with nothing in it", [send(frame(opcode))]),
            one("with 5 B in it", [send(frame(opcode, "hello"))]),
            one("of which only the header comes", [
                send(frame(opcode, "", { announced: 5 })),
            ]),
            one("not final", [send(frame(opcode, "", { fin: false }))]),
            one("behind a good message, a good one behind it", [
                send(
                    frame(TEXT, "good"),
                    frame(opcode),
                    frame(TEXT, "unheard")
                ),
                echoOf(TEXT, "good"),
            ]),
            one("between two fragments", [
                send(
                    frame(TEXT, "a", { fin: false }),
                    frame(opcode),
                    frame(CONTINUATION, "b")
                ),
            ]),
        ]
    })
}
