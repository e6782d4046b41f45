/** A decimal number as people and programs write it: no hexadecimal, no infinity, no blanks. */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** Reads a finite decimal number; `undefined` when it is none. */
export function finite(text: string): number | undefined {
    if (!DECIMAL.test(text)) return undefined
    const value = Number(text)
    return Number.isFinite(value) ? value : undefined
}
