import * as ds from "@devicescript/core"
import { expect } from "@devicescript/test"

let breaths = 0

/**
 * For loops: the VM counts steps anew. `sleep(0)` alone would keep everything outside of the program waiting, as the VM goes on
 * with it at once.
 */
export async function breathe() {
    breaths++
    await ds.sleep(breaths % 16 ? 0 : 1)
}

/** Compares bytes piece by piece, as the hex text of all would not fit beside them. */
export function expectBytes(actual: Buffer, expected: Buffer) {
    expect(actual.length).toBe(expected.length)
    for (let i = 0; i < expected.length; i += 128) {
        const a = actual.slice(i, Math.min(i + 128, expected.length))
        const b = expected.slice(i, Math.min(i + 128, expected.length))
        if (a.toString("hex") !== b.toString("hex"))
            throw new Error(
                `from byte ${i}: expected ${b.toString("hex")}, got ${a.toString("hex")}`
            )
    }
}

/** Compares texts. */
export function expectText(actual: string, expected: string) {
    if (actual !== expected)
        throw new Error(`expected "${expected}", got "${actual}"`)
}

/**
 * The text has a part.
 * @param part empty: any text will do
 */
export function expectPart(actual: string, part: string) {
    if (actual.indexOf(part) < 0)
        throw new Error(`expected a text with "${part}", got "${actual}"`)
}

/** Expects an error. @returns it */
export function expectThrow(body: () => void, type: any, part: string): any {
    let error: any
    try {
        body()
    } catch (e: any) {
        error = e
    }
    return expectError(error, type, part)
}

/** Expects an error from something that takes time. @returns it */
export async function expectReject(
    body: () => Promise<any>,
    type: any,
    part: string
): Promise<any> {
    let error: any
    try {
        await body()
    } catch (e: any) {
        error = e
    }
    return expectError(error, type, part)
}

/** Checks an error's class and that its message has a part. @returns it */
export function expectError(error: any, type: any, part: string): any {
    if (!error) throw new Error(`expected ${type.name} "${part}", got no error`)
    if (!(error instanceof type))
        throw new Error(
            `expected ${type.name}, got ${error.name} "${error.message}"`
        )
    expectPart(error.message, part)
    return error
}
