import { nameOf } from "./names.ts"
import { finite } from "./numbers.ts"

/** The WebSocket subprotocol under which a device's Teleplot lines go to the plot. */
export const TELEPLOT = "teleplot"

/** A point of a device's series. */
export interface TeleplotPoint {
    series: string
    /** What the device gave; else the time of its arrival counts */
    x?: number
    y: number
}

/**
 * Reads lines `>name:x:y` or `>name:y` as Teleplot writes them, with several values separated by `;`, and with unit
 * (`§°C`) and flags (`|g`), which change nothing here. `undefined` when any line is something else: then the text is
 * no telemetry.
 *
 * @see https://github.com/nesnes/teleplot#telemetry-format
 */
export function readTeleplot(text: string): TeleplotPoint[] | undefined {
    if (text[0] !== ">") return undefined
    const points: TeleplotPoint[] = []
    for (const line of text.replace(/\r?\n$/, "").split(/\r?\n/))
        if (!readLine(line, points)) return undefined
    return points
}

function readLine(line: string, points: TeleplotPoint[]): boolean {
    const colon = line.indexOf(":")
    if (line[0] !== ">" || colon < 0) return false
    const series = nameOf(line.slice(1, colon))
    if (!series) return false
    const [, values] =
        /^([^§|]*)(§[^|]*)?(\|.*)?$/.exec(line.slice(colon + 1)) ?? []
    if (!values) return false
    return values
        .replace(/;$/, "")
        .split(";")
        .every(value => {
            const numbers = value.split(":").map(finite)
            if (numbers.length > 2 || numbers.includes(undefined)) return false
            const [y, x] = (numbers as number[]).reverse()
            points.push({ series, x, y })
            return true
        })
}
