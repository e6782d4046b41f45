import type { Device, HubEvent, SeriesPoints } from "./bus.ts"

type Fields = Record<string, unknown>

/** Reads an event that came as JSON; `undefined` when it is none: others may publish, too. */
export function parseEvent(text: string): HubEvent | undefined {
    const event = parse(text)
    if (!isObject(event) || typeof event.server !== "string") return undefined
    if (event.kind === "points" && isList(event.batch, isSeriesPoints))
        return event as unknown as HubEvent
    if (
        event.kind === "state" &&
        isList(event.sources, isString) &&
        isList(event.devices, isDevice) &&
        isCount(event.more)
    )
        return event as unknown as HubEvent
    return event.kind === "gone"
        ? { kind: "gone", server: event.server }
        : undefined
}

function parse(text: string): unknown {
    try {
        return JSON.parse(text) as unknown
    } catch {
        return undefined
    }
}

function isSeriesPoints(value: unknown): value is SeriesPoints {
    return (
        isObject(value) &&
        isString(value.source) &&
        isString(value.series) &&
        isList(value.points, isNumber) &&
        value.points.length % 2 === 0
    )
}

function isDevice(value: unknown): value is Device {
    return (
        isObject(value) &&
        [value.id, value.name, value.address, value.protocol].every(isString) &&
        [value.since, value.messages, value.wrong].every(isNumber) &&
        (value.roundTrip === undefined || isNumber(value.roundTrip))
    )
}

function isList<T>(
    value: unknown,
    isItem: (item: unknown) => item is T
): value is T[] {
    return Array.isArray(value) && value.every(isItem)
}

const isObject = (value: unknown): value is Fields =>
    typeof value === "object" && value !== null

const isString = (value: unknown): value is string => typeof value === "string"

const isNumber = (value: unknown): value is number => Number.isFinite(value)

const isCount = (value: unknown): value is number =>
    Number.isSafeInteger(value) && (value as number) >= 0
