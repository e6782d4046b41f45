import type { Device, HubEvent, SeriesPoints } from "./bus.ts"
import { nameOf } from "./names.ts"

type Fields = Record<string, unknown>

/**
 * Reads an event that came as JSON; `undefined` when it is none: others may publish, too. What it names is shortened as
 * the names of this server's own devices are.
 */
export function parseEvent(text: string): HubEvent | undefined {
    const event = parse(text)
    if (!isObject(event) || !isString(event.server)) return undefined
    const server = nameOf(event.server)
    switch (event.kind) {
        case "points": {
            const batch = listOf(event.batch, pointsOf)
            return batch && { kind: "points", server, batch }
        }
        case "state": {
            const { more, refused = 0 } = event
            const sources = listOf(event.sources, textOf)
            const devices = listOf(event.devices, deviceOf)
            if (!sources || !devices || !isCount(more) || !isCount(refused))
                return undefined
            const state = { server, sources, devices, more }
            return { kind: "state", ...state, ...(refused && { refused }) }
        }
        case "gone":
            return { kind: "gone", server }
    }
    return undefined
}

function parse(text: string): unknown {
    try {
        return JSON.parse(text) as unknown
    } catch {
        return undefined
    }
}

/** `undefined` when it is not a list, or one of its items is not as it should be. */
function listOf<T>(
    value: unknown,
    itemOf: (item: unknown) => T | undefined
): T[] | undefined {
    if (!Array.isArray(value)) return undefined
    const items: T[] = []
    for (const one of value) {
        const item = itemOf(one)
        if (item === undefined) return undefined
        items.push(item)
    }
    return items
}

function pointsOf(value: unknown): SeriesPoints | undefined {
    if (!isObject(value)) return undefined
    const { source, series, points } = value
    if (!isString(source) || !isString(series)) return undefined
    if (!Array.isArray(points) || points.length % 2) return undefined
    if (!points.every(isNumber)) return undefined
    return { source: nameOf(source), series: nameOf(series), points }
}

function deviceOf(value: unknown): Device | undefined {
    if (!isObject(value)) return undefined
    const { id, name, address, protocol } = value
    const { since, messages, wrong, roundTrip } = value
    if (
        !(isString(id) && isString(name)) ||
        !(isString(address) && isString(protocol)) ||
        !(isNumber(since) && isNumber(messages) && isNumber(wrong)) ||
        !(roundTrip === undefined || isNumber(roundTrip))
    )
        return undefined
    return {
        id: nameOf(id),
        name: nameOf(name),
        address: nameOf(address),
        protocol: nameOf(protocol),
        since,
        messages,
        wrong,
        ...(roundTrip !== undefined && { roundTrip }),
    }
}

const textOf = (value: unknown) => (isString(value) ? nameOf(value) : undefined)

const isObject = (value: unknown): value is Fields =>
    typeof value === "object" && value !== null

const isString = (value: unknown): value is string => typeof value === "string"

const isNumber = (value: unknown): value is number => Number.isFinite(value)

const isCount = (value: unknown): value is number =>
    Number.isSafeInteger(value) && (value as number) >= 0
