/** The library's errors are short on the board: here a line of its log gets the sentence for the one that it shows. */
import { describe } from "../../src/websocket/describe.ts"

/** Exceptions that end the program, whatever it catches; it starts again some 5 s later. */
const EXCEPTIONS: Record<string, string> = {
    OutOfMemory:
        "the program's data do not fit into the board's memory: smaller messages (maxMessage), or slices",
    InfiniteLoop:
        "131,072 steps without a pause: await sleep(0) somewhere in the loop",
    StackOverflow:
        "functions called each other 100 deep: an endless recursion?",
}

/** Close codes (RFC 6455, 7.4.1), for an end without a reason. */
const CLOSE_CODES: Record<string, string> = {
    1001: "the server ends",
    1006: "the connection went without a Close frame: the network, the server's machine, or something in between",
    1008: "the server does not want this client: a limit, a token, too many messages?",
    1009: "a message was longer than the other side takes",
    1011: "something went wrong inside the server",
    1012: "the server restarts",
    1013: "the server has too much to do, or no room",
}
const EXCEPTION = /^Exception: (\w+)$/
const SILENT_END = /^(?:down|closed) (\d+) ""/

/** The echo program's `down` and `closed` quote the error, `lost` has it last. */
const PLACE = /^(?:(?:down|closed) \d+ "(.*?)"|lost \d+ (.*))/

/**
 * @param line of a board's log, without the mark of its level
 * @returns the line, with a second one that explains its error where the library has a sentence for it
 */
export function explained(line: string): string {
    const [, quoted, last] = PLACE.exec(line) ?? []
    const sentence =
        EXCEPTIONS[EXCEPTION.exec(line)?.[1] ?? ""] ??
        CLOSE_CODES[SILENT_END.exec(line)?.[1] ?? ""] ??
        [quoted, last, ...behindColons(line)]
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
