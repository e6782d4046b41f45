/**
 * What a modem says, cut into what it consists of (ITU-T V.250, 5.7; 3GPP TS 27.007, 9). Pure: bytes in, tokens out, whatever
 * the pieces in which they come.
 */

/** Longest line that means anything to us; of a longer one the rest is dropped. */
const MAX_LINE = 160

/** Most bytes of line breaks between a payload and the line behind it: two empty lines more than there should be. */
const MAX_BREAKS = 8
/**
 * The same for a payload that begins with a line break: an empty line before it would shift it, and then its own end, where that is a
 * line break, too, stands behind it.
 */
const USUAL_BREAKS = 4

const LF = 10
const CR = 13
const SPACE = 32
const PROMPT = 0x3e

/**
 * - `ok`, `error`: the final result of a command
 * - `response`: a line that may answer the command under way, by its name
 * - `urc`: an unsolicited result code, or any other line
 * - `prompt`: it asks for the data of the command under way
 * - `payload`: bytes of which a line announced the number
 * - `excess`: behind a payload the line does not end: something got between its bytes
 */
export type TokenKind =
    "ok" | "error" | "response" | "urc" | "prompt" | "payload" | "excess"

export interface Token {
    kind: TokenKind
    /** Of a line, what stands before its colon, such as `+CSQ`; all of it when there is none. */
    name: string
    /** Of a line, what stands behind its colon; of a payload, of the line that announced it. */
    text: string
    /** The bytes of a payload. */
    data?: Buffer
}

/**
 * How many bytes follow a line.
 * @returns undefined when it does not announce any
 */
export type PayloadLength = (name: string, text: string) => number

export class Lexer {
    data: Buffer
    at = 0
    readonly line = Buffer.alloc(MAX_LINE)
    length = 0
    /** Name of the lines that answer the command under way. */
    response: string
    /** That command waits to be asked for its data. */
    prompted = false
    /** Announced a payload, which begins behind the next LF. */
    header: Token
    missing = 0
    /** Bytes of line breaks since the end of a payload; undefined when something else has come since. */
    breaks: number
    /** Most of them. */
    mostBreaks: number

    /**
     * @param payloadLength what the make of modems says about a line
     * @param maxPayload more is never announced: it is taken for garbled
     */
    constructor(
        readonly payloadLength: PayloadLength,
        readonly maxPayload: number
    ) {}

    /** A command goes out: no payload of another one is awaited any more. A line may be under way, and is read to its end. */
    expect(response: string, prompt: boolean) {
        this.response = response
        this.prompted = prompt
        this.header = undefined
        this.missing = 0
        this.breaks = undefined
    }

    /** Hands over what has come. Only when `next` has no more. */
    push(data: Buffer) {
        this.data = data
        this.at = 0
    }

    /** @returns undefined until more has come */
    next(): Token {
        const { data } = this
        while (data && this.at < data.length) {
            const token = this.missing ? takePayload(this) : takeLine(this)
            if (token) return token
        }
        return undefined
    }

    /** Nothing more comes for now. @returns whether the modem has stopped behind a prompt that has no line of its own */
    stops(): boolean {
        if (!this.prompted) return false
        let { length } = this
        while (length && this.line[length - 1] <= SPACE) length--
        if (!length || this.line[length - 1] !== PROMPT) return false
        this.prompted = false
        this.length = 0
        return true
    }
}

function takePayload(lexer: Lexer): Token {
    const { data, header, at } = lexer
    const whole = header.data
    const size = Math.min(lexer.missing, data.length - at)
    whole.blitAt(whole.length - lexer.missing, data, at, size)
    lexer.missing -= size
    lexer.at += size
    if (lexer.missing) return undefined
    lexer.header = undefined
    lexer.breaks = 0
    lexer.mostBreaks =
        whole[0] === CR && whole[1] === LF ? USUAL_BREAKS : MAX_BREAKS
    return header
}

function takeLine(lexer: Lexer): Token {
    const { data, at } = lexer
    if (lexer.header) return skipToPayload(lexer)
    if (!lexer.length) {
        const byte = data[at]
        if (byte <= SPACE) {
            lexer.at++
            return lexer.breaks === undefined
                ? undefined
                : takeBreak(lexer, byte)
        }
        if (lexer.breaks === 0) return excess(lexer)
        lexer.breaks = undefined
        if (lexer.prompted && byte === PROMPT) {
            lexer.prompted = false
            lexer.at++
            return { kind: "prompt", name: "", text: "" }
        }
    }
    const end = lineEnd(data, at)
    const size = Math.min(end - at, MAX_LINE - lexer.length)
    lexer.line.blitAt(lexer.length, data, at, size)
    lexer.length += size
    lexer.at = end
    return end < data.length ? endLine(lexer) : undefined
}

function takeBreak(lexer: Lexer, byte: number): Token {
    if ((byte !== CR && byte !== LF) || ++lexer.breaks > lexer.mostBreaks)
        return excess(lexer)
    return undefined
}

function excess(lexer: Lexer): Token {
    lexer.breaks = undefined
    return { kind: "excess", name: "", text: "" }
}

/** What stands between a line and its payload: the rest of the line break. */
function skipToPayload(lexer: Lexer): Token {
    const byte = lexer.data[lexer.at]
    if (byte === CR || byte === LF) lexer.at++
    if (byte === CR) return undefined
    const { header } = lexer
    lexer.missing = header.data.length
    if (lexer.missing) return undefined
    lexer.header = undefined
    return header
}

function endLine(lexer: Lexer): Token {
    let { length } = lexer
    while (lexer.line[length - 1] === SPACE) length--
    lexer.length = 0
    const line = readable(lexer.line, length)
    const colon = line.indexOf(":")
    const name = colon < 0 ? line : line.slice(0, colon).trim()
    const text = colon < 0 ? "" : line.slice(colon + 1).trim()
    const size = lexer.payloadLength(name, text)
    if (size >= 0 && size <= lexer.maxPayload) {
        lexer.header = {
            kind: "payload",
            name,
            text,
            data: Buffer.alloc(size),
        }
        return undefined
    }
    return { kind: kindOf(lexer, name), name, text }
}

function kindOf(lexer: Lexer, name: string): TokenKind {
    if (name === "OK" || name === "SEND OK") return "ok"
    if (
        name === "ERROR" ||
        name === "SEND FAIL" ||
        name === "+CME ERROR" ||
        name === "+CMS ERROR"
    )
        return "error"
    return name === lexer.response ? "response" : "urc"
}

/** Where the next line break is; the end of the data when there is none. */
function lineEnd(data: Buffer, at: number): number {
    const cr = data.indexOf(CR, at)
    const lf = data.indexOf(LF, at)
    const end = cr < 0 || (lf >= 0 && lf < cr) ? lf : cr
    return end < 0 ? data.length : end
}

/** Bytes as text; what is not ASCII, and so was not said by a modem but garbled, as `?`. */
function readable(line: Buffer, length: number): string {
    for (let i = 0; i < length; ++i) if (line[i] >= 0x80) line[i] = 0x3f
    return line.slice(0, length).toString()
}

/** Parameters behind a colon. */
export function fields(text: string): string[] {
    return text.split(",").map(field => field.trim())
}

/** One of them, as a number; NaN when it is none, or garbled. */
export function numberAt(text: string, index: number): number {
    const field = fields(text)[index]
    const number = field === undefined ? NaN : parseInt(field)
    return `${number}` === field ? number : NaN
}
