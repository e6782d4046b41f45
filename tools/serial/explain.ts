/** Sentences for what a program's log says in a word or a number, because words cost bytes on the board. */
import { describe } from "../../src/websocket/describe.ts"

/** How a VM's exception ends the program; it starts again some 5 s later. */
const EXCEPTIONS: Record<string, string> = {
    OutOfMemory:
        "the program's data do not fit into the board's memory: smaller messages (maxMessage), or slices",
    InfiniteLoop:
        "131,072 steps without a pause: await sleep(0) somewhere in the loop",
    StackOverflow:
        "functions called each other 100 deep: an endless recursion?",
}

/** Close codes (RFC 6455, 7.4.1) that leave the reason to guesses. */
const CLOSE_CODES: Record<string, string> = {
    1001: "the server ends, or asks to connect again",
    1006: "the connection went without a Close frame: the network, the server's machine, or something in between",
    1008: "the server does not want this client: a limit, a token, too many messages?",
    1009: "a message was longer than the other side takes",
    1011: "something went wrong inside the server",
    1012: "the server restarts",
    1013: "the server has too much to do, or no room: later again",
}

const EXCEPTION = /^Exception: (\w+)$/
/** As the echo program logs it (src/app/app.ts): `down 1006 "why" again in 20 ms`, `closed 1006 "why"`. */
const END = /^(?:down|closed) (\d+) "(.*)"/

/**
 * @param line of the log, without the mark of its level
 * @returns a sentence, or undefined for a line that says what there is to say
 */
export function explain(line: string): string | undefined {
    const exception = EXCEPTION.exec(line)
    if (exception) return EXCEPTIONS[exception[1]]
    const end = END.exec(line)
    const message = end ? end[2] : line
    const sentence = describe(new Error(message))
    if (sentence !== message) return sentence
    return end && message === "" ? CLOSE_CODES[end[1]] : undefined
}

/** Adds the sentences to a log: not the same one twice in a row. */
export class Explainer {
    #said?: string

    /** @returns what to print behind a line, or undefined */
    after(line: string): string | undefined {
        const sentence = explain(line)
        if (!sentence || sentence === this.#said) return undefined
        this.#said = sentence
        return `    ${sentence}`
    }
}
