/** A thousand messages, each sent when the echo of the one before is there. */
import { BINARY, TEXT } from "../../wire/frames.ts"
import { binary, sizeName, text } from "../payloads.ts"
import { closes, roundTrip, type Case } from "../script.ts"

const COUNT = 1000
const SIZES = [0, 16, 64, 125, 126, 256, 1024, 4096]

export function roundTrips(): Case[] {
    return SIZES.flatMap(size => [
        {
            name: `${COUNT} round trips of ${sizeName(size)} of text`,
            section: "5.2",
            size: COUNT * size,
            script: () => closes(repeat(() => roundTrip(TEXT, text(size)))),
        },
        {
            name: `${COUNT} round trips of ${sizeName(size)} of binary`,
            section: "5.2",
            size: COUNT * size,
            script: () => closes(repeat(() => roundTrip(BINARY, binary(size)))),
        },
    ])
}

function repeat<T>(make: () => T[]): T[] {
    const once = make()
    return Array.from({ length: COUNT }, () => once).flat()
}
