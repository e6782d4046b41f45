import { SERIES_PER_SOURCE } from "../bus/bus.ts"
import { nameOf, UNIT, withUnit } from "../bus/names.ts"
import { finite } from "./numbers.ts"

/** The WebSocket subprotocol under which a device's Teleplot lines go to the plot. */
export const TELEPLOT = "teleplot"

/** Points, and lines, of one message that are read; the rest is passed over. */
const MOST = 4096

/** An x from here on is a time in milliseconds since 1970 (the year 1973), and no value. */
const FIRST_TIME = 1e11

/** A line that begins with `>` and has a colon. */
const TELEMETRY = /^>[^\n:]*:/m

/** A point of a device's series. */
export interface TeleplotPoint {
    /** With its unit, where it has one: `temperature§°C` */
    series: string
    /** What the device gave; else the time of its arrival counts */
    x?: number
    y: number
}

/**
 * Reads lines `>name:value`, `>name:time:value` and `>name:x:y|xy`, each also with several values separated by `;`, with
 * a unit (`§°C`) and flags. What a plot cannot show (texts, logs, shapes, values that are no finite numbers) is passed
 * over, and so is what is not understood, for nobody waits for an answer.
 * @returns `undefined` for a text without any such line, which is not telemetry
 *
 * @see https://github.com/nesnes/teleplot#telemetry-format
 */
export function readTeleplot(text: string): TeleplotPoint[] | undefined {
    if (!TELEMETRY.test(text)) return undefined
    const points: TeleplotPoint[] = []
    const names = new Set<string>()
    for (const line of parted(text, "\n")) {
        const { name, values, unit, flags } = parts(line)
        if (!name || flags.includes("t")) continue
        if (!names.has(name) && names.size === SERIES_PER_SOURCE) continue
        names.add(name)
        const series = withUnit(name, unit)
        const isXY = flags.includes("xy")
        for (const value of parted(values, ";")) {
            const point = isXY ? pointXY(value) : pointOverTime(value)
            if (!point) continue
            const { unit, ...place } = point
            points.push({
                series: unit ? withUnit(name, unit) : series,
                ...place,
            })
            if (points.length === MOST) return points
        }
    }
    return points
}

/** What stands between separators, one after the other, so that a long text is not cut up as a whole. */
function* parted(text: string, separator: string): Generator<string> {
    let start = 0
    for (let count = 0; start < text.length && count < MOST; count++) {
        const end = text.indexOf(separator, start)
        yield text.slice(start, end < 0 ? undefined : end)
        if (end < 0) return
        start = end + 1
    }
}

/** Of a log or a shape the name is empty. */
function parts(line: string) {
    const start = line.startsWith(">") ? 1 : 0
    const colon = line.indexOf(":")
    if (colon < 0 || line.startsWith("3D|", start))
        return { name: "", values: "", unit: "", flags: [] }
    const [data, ...flags] = line.slice(colon + 1).split("|", 2)
    const [values, unit = ""] = data.split(UNIT, 2)
    return {
        name: nameOf(line.slice(start, colon)),
        values,
        unit,
        flags: flags.flatMap(list => list.trim().split(",")),
    }
}

interface Value {
    x?: number
    y: number
    unit?: string
}

/** `value`, `time:value`, or `value:unit`. */
function pointOverTime(text: string): Value | undefined {
    const fields = text.split(":", 3).map(field => field.trim())
    const [first, second] = fields.map(finite)
    if (first === undefined || fields.length > 2) return undefined
    if (fields.length === 1) return { y: first }
    if (second !== undefined) return { x: first, y: second }
    const isUnit = first < FIRST_TIME && !/^$|nan|inf/i.test(fields[1])
    return isUnit ? { y: first, unit: fields[1] } : undefined
}

/** `x:y`, or `x:y:time`. */
function pointXY(text: string): Value | undefined {
    const [x, y] = text.split(":", 2).map(field => finite(field.trim()))
    return x === undefined || y === undefined ? undefined : { x, y }
}
