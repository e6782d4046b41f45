/** Messages of many times the heap. */
import { BINARY, CONTINUATION, frame, TEXT } from "../../wire/frames.ts"
import { binary, sizeName, text } from "../payloads.ts"
import { closes, echoOf, type Case } from "../script.ts"

const KB = 1024
const MB = 1024 * KB

const TYPES = [
    { name: "text", opcode: TEXT, payload: text },
    { name: "binary", opcode: BINARY, payload: binary },
]
/** 0: in one frame. */
const PIECES = [0, 64, 256, KB, 4 * KB, 16 * KB, 64 * KB, 256 * KB, MB]

export function largest(): Case[] {
    return [4 * MB, 16 * MB].flatMap(size =>
        PIECES.flatMap(piece =>
            TYPES.map(type => largeCase(type, size, piece || size))
        )
    )
}

function largeCase(
    { name, opcode, payload }: (typeof TYPES)[0],
    size: number,
    piece: number
): Case {
    const how = piece === size ? "one frame" : `fragments of ${sizeName(piece)}`
    return {
        name: `${name} of ${sizeName(size)} in ${how}`,
        section: "5.2, 5.4",
        size,
        heap: piece === size,
        script: () => {
            const data = payload(size)
            return closes([
                { send: () => cut(opcode, data, piece) },
                echoOf(opcode, data),
            ])
        },
    }
}

/** The frames, one at a time: all of them together would take up as much again. */
function* cut(opcode: number, data: Buffer, piece: number) {
    for (let at = 0; at < data.length; at += piece)
        yield frame(at ? CONTINUATION : opcode, data.subarray(at, at + piece), {
            fin: at + piece >= data.length,
        })
}
