/** Values as the debugger tells them: texts, and references to the parts of what has parts. */

/** A value as the Debug Adapter Protocol has it. */
export interface Value {
    /** `"text"`, `12`, `true`, `null`, `[Array(3)]`, `hex\`00ff\`` … */
    value: string
    /** 0 for what has no parts. */
    variablesReference: number
}

export type Primitive = string | number | boolean | null | undefined

/** What the debugger shortens when it is long. */
const SHORTENED = /(\.\.\.|^hex`.*\.\.\.`)$/
const NUMBER = /^(-?\d+(\.\d+)?(e[+-]?\d+)?|NaN|-?Infinity)$/
const CONSTANTS = new Map<string, Primitive>([
    ["undefined", undefined],
    ["null", null],
    ["true", true],
    ["false", false],
])

/** Whether a condition holds for it. */
export function isTrue(value: Value): boolean {
    return !isPrimitive(value) || Boolean(primitiveOf(value))
}

/** Whether it is the same here as in the program. */
export function isPrimitive({ value }: Value): boolean {
    return value.startsWith('"') || NUMBER.test(value) || CONSTANTS.has(value)
}

/**
 * What the program has, for those values that are the same here.
 * @throws Error for all others
 */
export function primitiveOf({ value }: Value): Primitive {
    if (CONSTANTS.has(value)) return CONSTANTS.get(value)
    if (NUMBER.test(value)) return Number(value)
    if (value.startsWith('"') && !SHORTENED.test(value))
        return JSON.parse(value) as string
    if (value.startsWith('"'))
        throw new Error(`${value} is longer than the debugger reads`)
    throw new Error(`${value} is no text, number or the like to compute with`)
}

/** A value that has no parts, as the debugger would tell it. */
export function valueOf(primitive: Primitive): Value {
    const value =
        typeof primitive === "string"
            ? JSON.stringify(primitive)
            : String(primitive)
    return { value, variablesReference: 0 }
}

/** A value as a program would print it. */
export function textOf(value: Value): string {
    return value.value.startsWith('"') && !SHORTENED.test(value.value)
        ? String(primitiveOf(value))
        : value.value
}

/** The characters of a text and the bytes of a buffer, which are told as one; of an object there are none. */
export function itemsOf(object: Value): (string | number)[] | undefined {
    if (object.value.startsWith('"')) return [...String(primitiveOf(object))]
    const [, hex] = /^hex`(.*)`$/.exec(object.value) ?? []
    if (hex === undefined) return undefined
    if (SHORTENED.test(object.value))
        throw new Error(`${object.value} is longer than the debugger reads`)
    return [...Buffer.from(hex, "hex")]
}

/** What a member is called among an object's parts: an array's are `[0]`, `[1]` … */
export function nameOf(key: Primitive): string {
    return typeof key === "number" ? `[${key}]` : String(key)
}

export function isNothing({ value }: Value): boolean {
    return value === "null" || value === "undefined"
}
