/** The library's errors are short on the board: here a line of its log gets the sentence for the one that it shows. */
import { describe } from "../../src/websocket/describe.ts"

/** The echo program's `down` and `closed` quote the error, `lost` has it last. */
const PLACE = /^(?:(?:down|closed) \d+ "(.*?)"|lost \d+ (.*))/

/**
 * @param line of a board's log, without the mark of its level
 * @returns the line, with a second one that explains its error where the library has a sentence for it
 */
export function explained(line: string): string {
    const [, quoted, last] = PLACE.exec(line) ?? []
    const sentence = [quoted, last, ...behindColons(line)]
        .map(sentenceFor)
        .find(text => text !== undefined)
    return sentence ? `${line}\n    ${sentence}` : line
}

/**
 * @param message of an error
 * @returns undefined for a message that needs no sentence
 */
export function sentenceFor(message = ""): string | undefined {
    const sentence = describe(new Error(message))
    return sentence === message ? undefined : sentence
}

/** What stands behind each colon, as in `Exception: StreamError: no response: timeout`. */
function behindColons(line: string): string[] {
    const parts = line.split(": ")
    return parts.slice(1).map((_, index) => parts.slice(index + 1).join(": "))
}
