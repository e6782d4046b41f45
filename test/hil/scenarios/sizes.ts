/** Messages of every size. */
import type { Scenario } from "../scenario.ts"

/** The program's SIZES: each small one, and those on both sides of a limit of the frame, the driver or the network. */
const SIZES =
    "0-130,253-260,1023-1025,1459-1461,4095-4097,8191-8193,65535-65537,100000"

/** As in device/sizes.ts. */
const PERIOD = 251

const sizes = SIZES.split(",").flatMap(range => {
    const [first, last = first] = range.split("-").map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
})

function pattern(size: number): Buffer {
    return Buffer.from(
        Uint8Array.from({ length: size }, (_, i) => (i + size) % PERIOD)
    )
}

export const MESSAGE_SIZES: Scenario[] = [
    {
        name: "every-size",
        what: `Binary messages of ${SIZES.replaceAll(",", ", ")} bytes come back reversed, byte by byte.`,
        program: "sizes",
        settings: { SIZES },
        deadline: 480,
        message: n => pattern(sizes[n - 1]),
        expect: { right: sizes.length },
    },
]
