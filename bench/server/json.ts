/** JSON such as sensors send, and frames of it. */
import { CLIENT_WINDOW_BITS } from "../../server/websocket/deflate-offer.ts"
import { deflated } from "../../test/wire/deflated.ts"
import { frame, TEXT } from "../../test/wire/frames.ts"

/** An array of readings; `length` bytes, ASCII. */
export function jsonOf(length: number): string {
    const readings = Array.from({ length: Math.ceil(length / 40) }, (_, i) =>
        JSON.stringify({
            sensor: `room ${i % 7}`,
            time: 1_700_000_000 + 17 * i,
            value: ((i * 7919) % 1000) / 10,
        })
    )
    return `[${readings.join(",")}`.slice(0, length - 1) + "]"
}

/** A client's compressed text message. */
export const compressedFrame = (text: string) =>
    frame(TEXT, deflated(text, { windowBits: CLIENT_WINDOW_BITS }), {
        masked: true,
        rsv: 4,
    })
