import { describe, expect, test } from "@devicescript/test"
import { sleep } from "../../src/fiber/clock"
import {
    Lexer,
    numberAt,
    PayloadLength,
    Token,
} from "../../src/net/cellular/lexer"
import { quectel } from "../../src/net/cellular/quectel"
import { simcom } from "../../src/net/cellular/simcom"

const MAX = 2048

/** An exchange as a SIMCom A7670 has it: sent with a prompt, announced, read. */
const SIMCOM = `\r\n> \r\nOK\r\n\r\n+CIPSEND: 0,5,5\r\n\r\n+CIPRXGET: 1,0\r\n\r\n+CIPRXGET: 2,0,12,0\r\na\r\nOK\r\nb> \r\n\r\nOK\r\n`
const SIMCOM_TOKENS =
    "prompt ok response(+CIPSEND:0,5,5) urc(+CIPRXGET:1,0) payload(+CIPRXGET:2,0,12,0)610d0a4f4b0d0a623e200d0a ok"
/** And a Quectel: the payload is one that could be lines of its own. */
const QUECTEL = `\r\n> \r\nSEND OK\r\n\r\n+QIURC: "recv",0\r\n\r\n+QIRD: 9\r\n\r\nERROR\r\n\r\n\r\nOK\r\n\r\n+QIURC: "closed",0\r\n`
const QUECTEL_TOKENS =
    'prompt ok urc(+QIURC:"recv",0) payload(+QIRD:9)0d0a4552524f520d0a ok urc(+QIURC:"closed",0)'

interface Dialogue {
    payloadLength: PayloadLength
    response: string
    data: Buffer
    tokens: string
}

const DIALOGUES: Record<string, Dialogue> = {
    simcom: {
        payloadLength: simcom().payloadLength,
        response: "+CIPSEND",
        data: Buffer.from(SIMCOM),
        tokens: SIMCOM_TOKENS,
    },
    quectel: {
        payloadLength: quectel().payloadLength,
        response: undefined,
        data: Buffer.from(QUECTEL),
        tokens: QUECTEL_TOKENS,
    },
}

function spell({ kind, name, text, data }: Token): string {
    if (kind === "urc" || kind === "response") return `${kind}(${name}:${text})`
    if (kind === "payload")
        return `${kind}(${name}:${text})${data.toString("hex")}`
    return kind
}

function drain(lexer: Lexer, tokens: string[]) {
    for (let token = lexer.next(); token; token = lexer.next())
        tokens.push(spell(token))
}

/** All tokens of some text that comes in pieces. */
function lex(
    payloadLength: PayloadLength,
    response: string,
    pieces: Buffer[]
): string {
    const lexer = new Lexer(payloadLength, MAX)
    lexer.expect(response, true)
    const tokens: string[] = []
    for (const piece of pieces) {
        lexer.push(piece)
        drain(lexer, tokens)
    }
    return tokens.join(" ")
}

function cut(data: Buffer, at: number): Buffer[] {
    return [data.slice(0, at), data.slice(at)]
}

function bytewise(data: Buffer): Buffer[] {
    const pieces: Buffer[] = []
    for (let i = 0; i < data.length; ++i) pieces.push(data.slice(i, i + 1))
    return pieces
}

function one(text: string, response = "+CSQ"): string {
    return lex(simcom().payloadLength, response, [Buffer.from(text)])
}

describe("the dialogue of a modem, cut into tokens", () => {
    ;["simcom", "quectel"].forEach(make => {
        test(`${make}: whole, byte by byte, and cut at every boundary`, async () => {
            const { payloadLength, response, data, tokens } = DIALOGUES[make]
            expect(lex(payloadLength, response, [data])).toBe(tokens)
            expect(lex(payloadLength, response, bytewise(data))).toBe(tokens)
            for (let at = 1; at < data.length; ++at) {
                expect(lex(payloadLength, response, cut(data, at))).toBe(tokens)
                await sleep(1)
            }
        })
    })

    test("a prompt with a line behind it, with and without a line break", () => {
        expect(one("\r\n> \r\n+X: 1\r\n")).toBe("prompt urc(+X:1)")
        expect(one("\r\n>+X: 1\r\n")).toBe("prompt urc(+X:1)")
    })

    test("a prompt at the end of a line counts once nothing more comes", () => {
        const lexer = new Lexer(simcom().payloadLength, MAX)
        lexer.expect(undefined, true)
        const tokens: string[] = []
        lexer.push(Buffer.from('+CMT: "a" '))
        drain(lexer, tokens)
        expect(lexer.stops()).toBe(false)
        lexer.push(Buffer.from("> "))
        drain(lexer, tokens)
        expect(lexer.stops()).toBe(true)
        expect(lexer.stops()).toBe(false)
        expect(tokens.length).toBe(0)
    })

    test("a line during which a command goes out", () => {
        const lexer = new Lexer(simcom().payloadLength, MAX)
        const tokens: string[] = []
        lexer.push(Buffer.from("\r\n+IPCLO"))
        drain(lexer, tokens)
        lexer.expect("+CSQ", false)
        lexer.push(Buffer.from("SE: 0,1\r\n"))
        drain(lexer, tokens)
        expect(tokens.join(" ")).toBe("urc(+IPCLOSE:0,1)")
    })

    test("no prompt when none is expected", () => {
        const lexer = new Lexer(simcom().payloadLength, MAX)
        lexer.expect(undefined, false)
        const tokens: string[] = []
        lexer.push(Buffer.from("\r\n> \r\nOK\r\n"))
        drain(lexer, tokens)
        expect(tokens.join(" ")).toBe("urc(>:) ok")
    })

    test("final results, spelt in any way", () => {
        expect(one("OK\r\n")).toBe("ok")
        expect(one("  OK  \r\n")).toBe("ok")
        expect(one("OK\r\r\n\r\n")).toBe("ok")
        expect(one("\nOK\n")).toBe("ok")
        expect(one("ERROR\r\n+CME ERROR:10\r\n+CMS ERROR: 500\r\n")).toBe(
            "error error error"
        )
        expect(one("OKAY\r\nNOT OK\r\n")).toBe("urc(OKAY:) urc(NOT OK:)")
    })

    test("spaces around what stands before and behind the colon", () => {
        expect(one("+CSQ:20,99\r\n")).toBe("response(+CSQ:20,99)")
        expect(one("+CSQ :  20,99 \r\n")).toBe("response(+CSQ:20,99)")
    })

    test("a payload that does not end where it should", () => {
        expect(one("+CIPRXGET: 2,0,2,0\r\nabc\r\nOK\r\n")).toBe(
            "payload(+CIPRXGET:2,0,2,0)6162 excess urc(c:) ok"
        )
        expect(one("+CIPRXGET: 2,0,2,0\r\nab\r\n\x04\x04\r\nOK\r\n")).toBe(
            "payload(+CIPRXGET:2,0,2,0)6162 excess ok"
        )
    })

    test("an empty line before a payload that ends in a line break: it shows behind it", () => {
        const header = "+CIPRXGET: 2,0,4,0\r\n"
        const shifted = "payload(+CIPRXGET:2,0,4,0)0d0a6162 excess ok"
        expect(one(`${header}\r\nab\r\n\r\n\r\nOK\r\n`)).toBe(shifted)
        expect(one(`${header}\r\nab\r\r\r\n\r\nOK\r\n`)).toBe(shifted)
        // a payload that begins so itself is followed by two line breaks
        expect(one(`${header}\r\nab\r\n\r\nOK\r\n`)).toBe(
            "payload(+CIPRXGET:2,0,4,0)0d0a6162 ok"
        )
        // one that does not may be followed by empty lines
        expect(one(`${header}abcd\r\n\r\n\r\n\r\nOK\r\n`)).toBe(
            "payload(+CIPRXGET:2,0,4,0)61626364 ok"
        )
    })

    test("a length that is none, or too large, announces nothing", () => {
        expect(one("+CIPRXGET: 2,0,2x,0\r\nOK\r\n")).toBe(
            "urc(+CIPRXGET:2,0,2x,0) ok"
        )
        expect(one("+CIPRXGET: 2,0,2049,0\r\nOK\r\n")).toBe(
            "urc(+CIPRXGET:2,0,2049,0) ok"
        )
        expect(one("+CIPRXGET: 2,0,-1,0\r\nOK\r\n")).toBe(
            "urc(+CIPRXGET:2,0,-1,0) ok"
        )
    })

    test("lines without end, and bytes that are no text", async () => {
        const lexer = new Lexer(quectel().payloadLength, MAX)
        lexer.expect(undefined, false)
        const noise = Buffer.alloc(1000)
        noise.fillAt(0, 1000, 0xc3)
        const tokens: string[] = []
        for (let n = 0; n < 20; ++n) {
            lexer.push(noise)
            drain(lexer, tokens)
            await sleep(1)
        }
        expect(tokens.length).toBe(0)
        lexer.push(Buffer.from("\r\nOK\r\n"))
        drain(lexer, tokens)
        expect(tokens.length).toBe(2)
        expect(tokens[0].length).toBe("urc(:)".length + 160)
        expect(tokens[1]).toBe("ok")
    })

    test("numbers are whole fields", () => {
        expect(numberAt("0, 32 ,x", 1)).toBe(32)
        expect(isNaN(numberAt("0,32x", 1))).toBe(true)
        expect(isNaN(numberAt("0", 1))).toBe(true)
    })
})

/** Numbers that look like chance, and are the same for the same seed. */
class Chance {
    constructor(private state: number) {}

    below(limit: number): number {
        this.state = (Math.imul(this.state, 1103515245) + 12345) & 0x7fffffff
        return (this.state >> 8) % limit
    }
}

/** Spoils some bytes of a dialogue: lost, repeated, garbled, or others in between. */
function mutate(data: Buffer, chance: Chance): Buffer {
    const at = chance.below(data.length)
    const size = Math.min(1 + chance.below(12), data.length - at)
    const before = data.slice(0, at)
    const piece = data.slice(at, at + size)
    const rest = data.slice(at + size)
    const how = chance.below(4)
    if (how === 0) return Buffer.concat(before, rest)
    if (how === 1) return Buffer.concat(before, piece, piece, rest)
    if (how === 2) {
        for (let i = 0; i < size; ++i) piece[i] = chance.below(256)
        return Buffer.concat(before, piece, rest)
    }
    const alien = ["\r\n", ">", "OK", "\r\n+QIRD: 9", ": ", "ERROR\r\n"]
    return Buffer.concat(
        before,
        Buffer.from(alien[chance.below(alien.length)]),
        piece,
        rest
    )
}

describe("spoilt dialogues", () => {
    ;["simcom", "quectel"].forEach(make => {
        test(`${make}: a lexer that read one reads the next one right`, async () => {
            const { payloadLength, response, data, tokens } = DIALOGUES[make]
            const lexer = new Lexer(payloadLength, MAX)
            for (let seed = 1; seed <= 500; ++seed) {
                const chance = new Chance(seed * 7919)
                let spoilt = data
                for (let n = chance.below(4); n >= 0; --n)
                    spoilt = mutate(spoilt, chance)
                const wrong: string[] = []
                lexer.expect(response, true)
                lexer.push(spoilt)
                drain(lexer, wrong)
                // each token takes a byte at least
                if (wrong.length > spoilt.length)
                    throw new Error(`seed ${seed}: ${wrong.length} tokens`)
                // what is left of a line ends with the next one's line break
                lexer.expect(undefined, false)
                lexer.push(Buffer.from("\r\n"))
                drain(lexer, wrong)
                const right: string[] = []
                lexer.expect(response, true)
                lexer.push(data)
                drain(lexer, right)
                if (right.join(" ") !== tokens)
                    throw new Error(`seed ${seed}: ${right.join(" ")}`)
                await sleep(1)
            }
        })
    })
})
