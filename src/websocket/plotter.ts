import { Connection } from "./connection"

/** The subprotocol under which a server takes lines of telemetry for its plot, and answers none of them. */
export const TELEPLOT = "teleplot"

/**
 * Sends a point of a series.
 * @param name of the series: not blank, without colons and control characters
 * @param x a number; left out, the time at which the point arrives counts
 * @param y a number
 * @throws RangeError for other names and numbers, or when the server did not agree on the subprotocol
 * @throws StreamError as `Connection.send` does
 */
export type Plot = (name: string, x: number, y?: number) => Promise<void>

/**
 * The way to a server's live plot, over a connection that was opened with `subprotocols("teleplot")`; messages go on beside it.
 * Each point is a message of its own.
 * @param unit of the values, as `°C`; series of different units do not share an axis
 */
export function plotter(connection: Connection, unit?: string): Plot {
    return async (name: string, x: number, y?: number) => {
        checkName(name)
        checkNumber(x)
        if (y !== undefined) checkNumber(y)
        const { protocol } = connection
        if (protocol !== TELEPLOT)
            throw new RangeError(
                `plot: expected the subprotocol ${TELEPLOT}, the server chose "${protocol}"`
            )
        const value = y === undefined ? `${x}` : `${x}:${y}`
        await connection.send(plotLine(name, value, unit))
    }
}

/**
 * A point as Teleplot reads it.
 * @param value `x:y`, or `y` alone
 * @see https://github.com/nesnes/teleplot#telemetry-format
 */
export function plotLine(
    name: string,
    value: number | string,
    unit?: string
): string {
    return unit ? `>${name}:${value}§${unit}` : `>${name}:${value}`
}

function checkName(name: string) {
    let isGood = name.trim().length > 0
    for (let i = 0; i < name.length; ++i) {
        const c = name.charCodeAt(i)
        if (c < 0x20 || c === 0x3a || c === 0x7f) isGood = false
    }
    if (!isGood)
        throw new RangeError(
            `plot: expected a name without colons and control characters, got "${name}"`
        )
}

function checkNumber(value: number) {
    // An infinity less itself is not a number either.
    if (typeof value !== "number" || isNaN(value - value))
        throw new RangeError(`plot: expected a finite number, got ${value}`)
}
