/** Parsers of options' arguments; they throw InvalidArgumentError with what was expected. */
import { InvalidArgumentError } from "commander"

export function integer(minimum: number) {
    return (text: string): number => {
        const value = Number(text)
        if (text.trim() && Number.isInteger(value) && value >= minimum)
            return value
        throw new InvalidArgumentError(
            `expected an integer of at least ${minimum}`
        )
    }
}

/** A number with or without a decimal point. */
export function number(minimum: number) {
    return (text: string): number => {
        const value = Number(text)
        if (text.trim() && Number.isFinite(value) && value >= minimum)
            return value
        throw new InvalidArgumentError(
            `expected a number of at least ${minimum}`
        )
    }
}

/** One of several names. */
export function oneOf(names: readonly string[]) {
    return (text: string): string => {
        if (names.includes(text)) return text
        throw new InvalidArgumentError(`expected ${names.join(", ")}`)
    }
}

/** Collects the arguments of an option that may be repeated. */
export function repeated<T>(parse: (text: string) => T) {
    return (text: string, before: T[] = []): T[] => [...before, parse(text)]
}

/** Makes a parser of a function that throws an Error with what was expected. */
export function checked<T>(parse: (text: string) => T) {
    return (text: string): T => {
        try {
            return parse(text)
        } catch (error) {
            throw new InvalidArgumentError((error as Error).message)
        }
    }
}
