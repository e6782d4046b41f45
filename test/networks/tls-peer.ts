/** A server of TLS by a pre-shared key, step by step, so that each can be done wrongly. */
import assert from "node:assert/strict"
import {
    createCipheriv,
    createDecipheriv,
    createHash,
    createHmac,
} from "node:crypto"
import { on } from "node:events"
import type { Socket } from "node:net"
import { ALERT, CHANGE_CIPHER_SPEC, HANDSHAKE, record } from "./tls-board.ts"
import { KEY } from "../wire/psk.ts"

const CIPHER = "chacha20-poly1305"
const RANDOM = Buffer.alloc(32, "server")

/** Extended master secret and renegotiation_info: what a client insists on. */
export const NECESSARY = "00170000ff01000100"
/** Records of at most 1,024 bytes. */
export const FRAGMENTS = "0001000102"

/** A handshake message. */
export function message(type: number, body: Buffer | string = ""): Buffer {
    const bytes = Buffer.from(body as string, "hex")
    return Buffer.from([type, 0, bytes.length >> 8, bytes.length, ...bytes])
}

function vector(bytes: Buffer): Buffer {
    return Buffer.from([bytes.length >> 8, bytes.length, ...bytes])
}

/** RFC 5246, 5 */
function prf(secret: Buffer, label: string, seed: Buffer, length: number) {
    const mac = (data: Buffer) =>
        createHmac("sha256", secret).update(data).digest()
    const start = Buffer.concat([Buffer.from(label), seed])
    const pieces: Buffer[] = []
    for (let a = mac(start); pieces.length * 32 < length; a = mac(a))
        pieces.push(mac(Buffer.concat([a, start])))
    return Buffer.concat(pieces).subarray(0, length)
}

/** What protects one direction. */
class Protection {
    #sequence = 0

    constructor(
        private readonly key: Buffer,
        private readonly iv: Buffer
    ) {}

    seal(type: number, content: Buffer): Buffer {
        const options = { authTagLength: 16 }
        const { nonce, aad } = this.#next(type, content.length)
        const cipher = createCipheriv(CIPHER, this.key, nonce, options)
        cipher.setAAD(aad, { plaintextLength: content.length })
        const text = [cipher.update(content), cipher.final()]
        return record(type, Buffer.concat([...text, cipher.getAuthTag()]))
    }

    open(type: number, content: Buffer): Buffer {
        const options = { authTagLength: 16 }
        const length = content.length - 16
        const { nonce, aad } = this.#next(type, length)
        const cipher = createDecipheriv(CIPHER, this.key, nonce, options)
        cipher.setAAD(aad, { plaintextLength: length })
        cipher.setAuthTag(content.subarray(length))
        const text = cipher.update(content.subarray(0, length))
        return Buffer.concat([text, cipher.final()])
    }

    #next(type: number, length: number) {
        const number = Buffer.alloc(8)
        number.writeUInt32BE(this.#sequence++, 4)
        const nonce = Buffer.from(this.iv)
        number.forEach((byte, i) => (nonce[4 + i] ^= byte))
        const aad = Buffer.from([...number, type, 3, 3, length >> 8, length])
        return { nonce, aad }
    }
}

export class TlsPeer {
    readonly #data: AsyncIterator<[Buffer]>
    #received: Buffer = Buffer.alloc(0)
    #transcript: Buffer = Buffer.alloc(0)
    #clientRandom: Buffer = Buffer.alloc(0)
    #master: Buffer = Buffer.alloc(0)
    #reading?: Protection
    #writing?: Protection
    #nextWriting?: Protection

    constructor(readonly socket: Socket) {
        const signal = AbortSignal.timeout(30_000)
        this.#data = on(socket, "data", { signal }) as AsyncIterator<[Buffer]>
        socket.on("error", () => {})
    }

    /** Waits for a record. */
    async receive(): Promise<{ type: number; content: Buffer }> {
        while (
            this.#received.length < 5 ||
            this.#received.length < 5 + this.#received.readUInt16BE(3)
        ) {
            const { value } = await this.#data.next()
            this.#received = Buffer.concat([this.#received, value[0]])
        }
        const end = 5 + this.#received.readUInt16BE(3)
        const [type] = this.#received
        const content = this.#received.subarray(5, end)
        this.#received = this.#received.subarray(end)
        return { type, content: this.#reading?.open(type, content) ?? content }
    }

    /** Waits for an alert, whatever comes before it. @returns its level and description */
    async alert(): Promise<number[]> {
        for (;;) {
            const { type, content } = await this.receive()
            if (type === ALERT) return [...content]
        }
    }

    /** A record as it goes onto the wire. */
    seal(type: number, content: Buffer | number[]): Buffer {
        const bytes = Buffer.from(content as number[])
        return this.#writing?.seal(type, bytes) ?? record(type, bytes)
    }

    send(type: number, content: Buffer | number[]) {
        this.socket.write(this.seal(type, content))
    }

    /** Sends a handshake message that counts. */
    say(bytes: Buffer) {
        this.#transcript = Buffer.concat([this.#transcript, bytes])
        this.send(HANDSHAKE, bytes)
    }

    async #hear(type: number): Promise<Buffer> {
        const { content } = await this.receive()
        assert.equal(content[0], type)
        this.#transcript = Buffer.concat([this.#transcript, content])
        return content
    }

    /** ClientHello */
    async hear() {
        const hello = await this.#hear(1)
        this.#clientRandom = hello.subarray(6, 38)
    }

    /** ServerHello and ServerHelloDone */
    answer(extensions = NECESSARY + FRAGMENTS) {
        const list = vector(Buffer.from(extensions, "hex"))
        const choice = Buffer.from("00ccab00", "hex")
        const version = Buffer.from([3, 3])
        this.say(message(2, Buffer.concat([version, RANDOM, choice, list])))
        this.say(message(14))
    }

    /** ClientKeyExchange, ChangeCipherSpec and Finished; they are checked. */
    async agree() {
        await this.#hear(16)
        const hash = (data: Buffer) =>
            createHash("sha256").update(data).digest()
        const zeros = Buffer.alloc(KEY.length)
        const premaster = Buffer.concat([vector(zeros), vector(KEY)])
        this.#master = prf(
            premaster,
            "extended master secret",
            hash(this.#transcript),
            48
        )
        const seed = Buffer.concat([RANDOM, this.#clientRandom])
        const block = prf(this.#master, "key expansion", seed, 88)
        const change = await this.receive()
        assert.deepEqual([change.type, ...change.content], [20, 1])
        this.#reading = new Protection(
            block.subarray(0, 32),
            block.subarray(64, 76)
        )
        this.#nextWriting = new Protection(
            block.subarray(32, 64),
            block.subarray(76)
        )
        const expected = this.#finished("client finished")
        assert.deepEqual(await this.#hear(20), expected)
    }

    /** ChangeCipherSpec */
    change() {
        this.send(CHANGE_CIPHER_SPEC, [1])
        this.#writing = this.#nextWriting
    }

    /** The right Finished, to be sent. */
    finished(): Buffer {
        return this.#finished("server finished")
    }

    #finished(label: string): Buffer {
        const hash = createHash("sha256").update(this.#transcript).digest()
        return message(20, prf(this.#master, label, hash, 12))
    }

    /** All of it. */
    async handshake(extensions?: string) {
        await this.hear()
        this.answer(extensions)
        await this.agree()
        this.change()
        this.send(HANDSHAKE, this.finished())
    }
}
