/** Messages of every length class, RFC 6455, 5.2, in one frame and in fragments; masks of the replies, 5.3. */
import {
    BINARY,
    CONTINUATION,
    every,
    fragments,
    frame,
    PING,
    TEXT,
} from "../../wire/frames.ts"
import { binary, sizeName, text } from "../payloads.ts"
import { closes, echoOf, fails, roundTrip, send, type Case } from "../script.ts"

const KB = 1024
const MB = 1024 * KB

/** The borders of the length classes, and beyond. */
const SIZES = [0, 1, 2, 125, 126, 127, 128, 1024, 65535, 65536, 256 * KB, MB]
const FRAGMENTED = [1, 125, 126, 127, 128, 65535, 65536, 256 * KB, MB]
const FRAGMENTS = [64, 256, KB, 4 * KB, 16 * KB, 64 * KB, 256 * KB, MB]

const TYPES = [
    { name: "text", opcode: TEXT, payload: text },
    { name: "binary", opcode: BINARY, payload: binary },
]

/** A message of that size in one frame. */
export function wholeCase(
    { name, opcode, payload }: (typeof TYPES)[0],
    size: number
): Case {
    return {
        name: `${name} of ${sizeName(size)} in one frame`,
        section: "5.2",
        size,
        script: () => closes(roundTrip(opcode, payload(size))),
    }
}

/** A message of that size in fragments. */
export function fragmentedCase(
    { name, opcode, payload }: (typeof TYPES)[0],
    size: number,
    piece: number
): Case {
    return {
        name: `${name} of ${sizeName(size)} in fragments of ${sizeName(piece)}`,
        section: "5.4",
        size,
        script: () => {
            const data = payload(size)
            return closes([
                send(...fragments(opcode, data, every(piece, size))),
                echoOf(opcode, data),
            ])
        },
    }
}

export function framing(): Case[] {
    const whole = SIZES.flatMap(size =>
        TYPES.map(type => wholeCase(type, size))
    )
    const fragmented = FRAGMENTED.flatMap(size =>
        FRAGMENTS.filter(
            piece => piece < size && size / piece < 20_000
        ).flatMap(piece => TYPES.map(type => fragmentedCase(type, size, piece)))
    )
    return [...whole, ...fragmented, ...together(), masks()]
}

function together(): Case[] {
    const sizes = [0, 125, 126, 1, 65536, 2]
    const steps = sizes.map(size => roundTrip(BINARY, binary(size)))
    return [
        {
            name: "messages of all length classes, sent without waiting",
            section: "5.2",
            size: 65536,
            script: () =>
                closes([
                    ...steps.map(([sending]) => sending),
                    ...steps.map(([, echo]) => echo),
                ]),
        },
        {
            name: "text and binary in turn keep their types",
            section: "5.6",
            script: () =>
                closes([
                    ...roundTrip(TEXT, "one"),
                    ...roundTrip(BINARY, "two"),
                    ...roundTrip(TEXT, ""),
                    ...roundTrip(BINARY, ""),
                    ...roundTrip(TEXT, "five"),
                ]),
        },
    ]
}

/** 500 frames. */
function masks(): Case {
    const label =
        "the masking keys: all different, each bit in a third of them at least"
    return {
        name: "each frame has a fresh masking key",
        section: "5.3, 10.3",
        script: () => {
            const frames = Array.from({ length: 500 }, (_, i) =>
                roundTrip(BINARY, `${i}`)
            )
            return closes([
                ...frames.map(([sending]) => sending),
                ...frames.map(([, echo]) => echo),
                {
                    check: {
                        label,
                        run: ({ parser }) => judgeKeys(parser.keys, label),
                    },
                },
            ])
        },
    }
}

function judgeKeys(keys: string[], label: string): string {
    // by chance two of 500 are equal once in 30,000 runs
    if (new Set(keys).size < keys.length - 1)
        return `${keys.length} keys, ${new Set(keys).size} different ones`
    for (let bit = 0; bit < 32; bit++) {
        const share =
            keys.filter(key => (parseInt(key, 16) >>> bit) & 1).length /
            keys.length
        if (share < 1 / 3 || share > 2 / 3)
            return `bit ${bit} is set in ${Math.round(share * 100)} % of the keys`
    }
    return label
}

/** What a server must not do with lengths and masks. */
export function badFrames(): Case[] {
    const bad = (
        name: string,
        section: string,
        bytes: Buffer,
        code?: number
    ) => ({
        name,
        section,
        script: () => fails([send(bytes)], code),
    })
    const header = (hex: string) => Buffer.from(hex, "hex")
    return [
        bad(
            "a masked text frame",
            "5.1",
            frame(TEXT, "hello", { masked: true })
        ),
        bad("a masked empty frame", "5.1", frame(TEXT, "", { masked: true })),
        bad("a masked ping", "5.1", frame(PING, "", { masked: true })),
        bad("the first two bytes of a masked frame", "5.1", header("8185")),
        bad("length 125 in 16 bits", "5.2", header("827e007d")),
        bad("length 0 in 16 bits", "5.2", header("827e0000")),
        bad("length 65,535 in 64 bits", "5.2", header("827f000000000000ffff")),
        bad("length 0 in 64 bits", "5.2", header("827f0000000000000000")),
        bad("length 2^63", "5.2", header("827f8000000000000000")),
        bad("length 2^64 - 1", "5.2", header("827fffffffffffffffff")),
        bad(
            "length 2^63 - 1, which no client can count",
            "5.2, 7.4.1",
            header("827f7fffffffffffffff"),
            1009
        ),
        announced("64 KB", 65536n),
        announced("4 GB", 1n << 32n),
        announced("1 TB", 1n << 40n),
        limit("a frame", header("827e0401")),
        limit("a fragment", header("027e0401")),
        {
            name: "with a limit of 1,024 B, a second fragment that goes beyond",
            section: "10.4, 7.4.1",
            options: { maxMessage: 1024 },
            script: () =>
                fails(
                    [
                        send(frame(BINARY, binary(1000), { fin: false })),
                        send(frame(CONTINUATION, "", { announced: 25 })),
                    ],
                    1009
                ),
        },
        {
            name: "with a limit of 1,024 B, a message of 1,024 B",
            section: "10.4",
            options: { maxMessage: 1024 },
            script: () => closes(roundTrip(BINARY, binary(1024))),
        },
    ]
}

/** The program has to stay alive, whatever length is announced. */
function announced(size: string, length: bigint): Case {
    return {
        name: `${size} announced, 10 B sent, TCP closed`,
        section: "10.4",
        script: () => ({
            steps: [
                send(frame(BINARY, "", { announced: length }), binary(10)),
                { end: "FIN" },
                {
                    expect: {
                        label: "TCP closed",
                        matches: e => e.type === "end",
                    },
                },
            ],
            sight: { code: 1006, wasClean: false },
        }),
    }
}

function limit(what: string, header: Buffer): Case {
    return {
        name: `with a limit of 1,024 B, the header of ${what} of 1,025 B`,
        section: "10.4, 7.4.1",
        options: { maxMessage: 1024 },
        script: () => fails([send(header)], 1009),
    }
}
