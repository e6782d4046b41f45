/** Text has to be UTF-8, RFC 6455, 5.6 and 8.1; the client fails at the first byte that cannot be. */
import {
    BINARY,
    CONTINUATION,
    every,
    fragments,
    frame,
    PING,
    TEXT,
} from "../../wire/frames.ts"
import {
    closes,
    echoOf,
    fails,
    pong,
    roundTrip,
    send,
    type Case,
} from "../script.ts"
import { firstBad } from "../utf8.ts"

const point = (code: number) =>
    `U+${code.toString(16).toUpperCase().padStart(4, "0")}`

/** The ends of each length of RFC 3629, 3, those of the surrogates, and others of note. */
const BORDERS = [
    0x0, 0x7f, 0x80, 0x7ff, 0x800, 0xfff, 0x1000, 0xcfff, 0xd000, 0xd7ff,
    0xe000, 0xfeff, 0xfffd, 0x10000, 0x3ffff, 0x40000, 0xfffff, 0x100000,
]
/** Unicode's noncharacters are UTF-8 all the same. */
const NONCHARACTERS = [
    0xfdd0,
    0xfdef,
    ...Array.from({ length: 17 }, (_, plane) => [
        plane * 0x10000 + 0xfffe,
        plane * 0x10000 + 0xffff,
    ]).flat(),
]
const TEXTS: [string, string][] = [
    ["Greek", "κόσμε"],
    ["Latin and more", "Hello-µ@ßöäüàá-UTF-8!!"],
    ["all lengths", "aé€😀😀€éa"],
    ["combining and joined", "e\u0301👩‍👩‍👧"],
    [
        "U+FFFD, U+FFFE, U+FFFF side by side",
        "\ufffd\ufffe\uffff\ufffd\ufffe\uffff",
    ],
]

export function goodUtf8(): Case[] {
    const points = [...BORDERS, ...NONCHARACTERS].map(
        (code): [string, string] => [point(code), String.fromCodePoint(code)]
    )
    return [
        ...[...points, ...TEXTS].map(([name, text]) => goodCase(name, text)),
        ...mixed(),
    ]
}

/** In one frame, cut in two at each place, and byte by byte. */
function goodCase(name: string, text: string): Case {
    const bytes = Buffer.from(text)
    const cuts = Array.from({ length: bytes.length - 1 }, (_, i) => [i + 1])
    return {
        name: `${name}: whole, cut in two at each place, a fragment for each byte`,
        section: "5.6, 8.1",
        script: () =>
            closes(
                [[], ...cuts, every(1, bytes.length)].flatMap(at => [
                    send(...fragments(TEXT, bytes, at)),
                    echoOf(TEXT, bytes),
                ])
            ),
    }
}

function mixed(): Case[] {
    const smile = Buffer.from("😀")
    return [
        {
            name: "a character cut in three, with pings between",
            section: "5.6, 5.4",
            script: () => {
                const [one, two, three] = fragments(TEXT, smile, [1, 3])
                return closes([
                    send(one, frame(PING, "1"), two, frame(PING, "2"), three),
                    pong("1"),
                    pong("2"),
                    echoOf(TEXT, smile),
                ])
            },
        },
        {
            name: "a binary that is not UTF-8",
            section: "5.6",
            script: () =>
                closes(roundTrip(BINARY, Buffer.from("c080eda080ff", "hex"))),
        },
        {
            name: "an incomplete character at the end of a text does not spoil the next text",
            section: "5.6, 8.1",
            script: () =>
                closes([
                    ...roundTrip(BINARY, Buffer.from("f09f98", "hex")),
                    ...roundTrip(TEXT, "abc"),
                ]),
        },
    ]
}

/** Markus Kuhn's stress test, and what a check by replacement characters might miss. */
const BAD: [string, string][] = [
    ["a continuation byte, the first", "80"],
    ["a continuation byte, the last", "bf"],
    ["2 continuation bytes", "80bf"],
    ["7 continuation bytes", "80bf80bf80bf80"],
    [
        "all 64 continuation bytes",
        Array.from({ length: 64 }, (_, i) => (0x80 + i).toString(16)).join(""),
    ],
    ["all first bytes of 2, each with a space", starts(0xc0, 0xdf)],
    ["all first bytes of 3, each with a space", starts(0xe0, 0xef)],
    ["all first bytes of 4 or more, each with a space", starts(0xf0, 0xfd)],
    ["byte FE", "fe"],
    ["byte FF", "ff"],
    ["bytes FE FE FF FF", "fefeffff"],
    ["overlong U+0000 in 2", "c080"],
    ["overlong U+0000 in 3", "e08080"],
    ["overlong U+0000 in 4", "f0808080"],
    ["overlong / in 2", "c0af"],
    ["overlong / in 3", "e080af"],
    ["overlong / in 4", "f08080af"],
    ["overlong / in 5", "f8808080af"],
    ["overlong / in 6", "fc80808080af"],
    ["overlong U+007F in 2", "c1bf"],
    ["overlong U+07FF in 3", "e09fbf"],
    ["overlong U+FFFF in 4", "f08fbfbf"],
    ["surrogate U+D800", "eda080"],
    ["surrogate U+DB7F", "edadbf"],
    ["surrogate U+DB80", "edae80"],
    ["surrogate U+DBFF", "edafbf"],
    ["surrogate U+DC00", "edb080"],
    ["surrogate U+DF80", "edbe80"],
    ["surrogate U+DFFF", "edbfbf"],
    ["surrogate pair of U+10000", "eda080edb080"],
    ["surrogate pair of U+10FFFF", "edafbfedbfbf"],
    ["U+110000", "f4908080"],
    ["U+13FFFF", "f4bfbfbf"],
    ["U+140000", "f5808080"],
    ["U+1FFFFF", "f7bfbfbf"],
    ["U+200000 in 5", "f888808080"],
    ["U+3FFFFFF in 5", "fbbfbfbfbf"],
    ["U+4000000 in 6", "fc8480808080"],
    ["U+7FFFFFFF in 6", "fdbfbfbfbfbf"],
    ["2 bytes expected, a letter instead of the 2nd", "c341"],
    ["3 bytes expected, a letter instead of the 2nd", "e24182"],
    ["3 bytes expected, a letter instead of the 3rd", "e28241"],
    ["4 bytes expected, a letter instead of the 2nd", "f0419880"],
    ["4 bytes expected, a letter instead of the 4th", "f09f9841"],
    ["2 bytes expected, a first byte instead of the 2nd", "c3c3a9"],
    ["3 bytes expected, a first byte instead of the 3rd", "e282e282ac"],
    ["4 bytes expected, a first byte instead of the 4th", "f09f98f09f9880"],
    ["a continuation byte behind U+FFFD", "efbfbd80"],
    ["a continuation byte behind U+FFFE", "efbfbe80"],
    ["U+FFFF behind an overlong", "c080efbfbf"],
    ["U+FFFE behind a surrogate", "eda080efbfbe"],
    ["the first two bytes of U+FFFF, three times", "efbfefbfefbf41"],
    ["byte FF between U+FFFE and U+FFFF", "efbfbeffefbfbf"],
]

function starts(from: number, to: number): string {
    return Array.from(
        { length: to - from + 1 },
        (_, i) => `${(from + i).toString(16)}20`
    ).join("")
}

/** Good so far, but not at the end of a message. */
const INCOMPLETE: [string, string][] = [
    ["1 byte of 2", "c3"],
    ["1 byte of 3", "e2"],
    ["2 bytes of 3", "e282"],
    ["2 bytes of U+FFFF", "efbf"],
    ["1 byte of 4", "f0"],
    ["2 bytes of 4", "f09f"],
    ["3 bytes of 4", "f09f98"],
]

export function badUtf8(): Case[] {
    return BAD.flatMap(([name, hex]) => {
        const bytes = Buffer.from(hex, "hex")
        const around = Buffer.concat([
            Buffer.from("κόσμε"),
            bytes,
            Buffer.from("edited"),
        ])
        const at = firstBad(bytes)
        const one = (how: string, ...frames: Uint8Array[]): Case => ({
            name: `${name}: ${how}`,
            section: "5.6, 8.1",
            size: Buffer.concat(frames).length,
            script: () => fails([send(...frames)], 1007),
        })
        const places = bytes.length > 8 ? [1, at + 1] : every(1, bytes.length)
        return [
            one("in one frame", frame(TEXT, bytes)),
            one("in one frame between good text", frame(TEXT, around)),
            one(
                `only up to byte ${at + 1}, the rest of the frame withheld`,
                frame(TEXT, bytes.subarray(0, at + 1), {
                    announced: around.length,
                })
            ),
            one(
                `up to byte ${at + 1} of it behind 2,000 B of good text, the rest of 64 KB withheld`,
                frame(
                    TEXT,
                    Buffer.concat([
                        Buffer.alloc(2000, "κό"),
                        bytes.subarray(0, at + 1),
                    ]),
                    { announced: 65536 }
                )
            ),
            one(
                `up to byte ${at + 1} in a first fragment, the others withheld`,
                frame(TEXT, bytes.subarray(0, at + 1), { fin: false })
            ),
            ...places.map(cut =>
                one(`cut after byte ${cut}`, ...fragments(TEXT, bytes, [cut]))
            ),
            one(
                "a fragment for each byte",
                ...fragments(TEXT, bytes, every(1, bytes.length))
            ),
        ]
    })
}

export function incompleteUtf8(): Case[] {
    return INCOMPLETE.flatMap(([name, hex]) => {
        const bytes = Buffer.from(hex, "hex")
        const good = Buffer.from("κόσμε")
        const one = (how: string, ...frames: Uint8Array[]): Case => ({
            name: `${name} at the end: ${how}`,
            section: "5.6, 8.1",
            script: () => fails([send(...frames)], 1007),
        })
        return [
            one("alone", frame(TEXT, bytes)),
            one("behind good text", frame(TEXT, Buffer.concat([good, bytes]))),
            one(
                "in a last fragment",
                ...fragments(TEXT, Buffer.concat([good, bytes]), [good.length])
            ),
            one(
                "before an empty last fragment",
                frame(TEXT, bytes, { fin: false }),
                frame(CONTINUATION)
            ),
            one(
                "a fragment for each byte",
                ...fragments(TEXT, bytes, every(1, bytes.length))
            ),
        ]
    })
}
