/** The server's end of one connection: writes as the link wants it, and gives what the client sends, event by event. */
import { once } from "node:events"
import type { Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { TLSSocket } from "node:tls"
import { readRequest, type Answer } from "./handshake.ts"
import { ClientParser, type ClientEvent } from "./parser.ts"
import { PROOF, Proofs } from "./proofs.ts"

/** How it writes what it has to send between two waits. */
export type Writing =
    /** A frame at a time. */
    | "apart"
    /** All of it at once. */
    | "merged"
    /** In pieces with pauses. */
    | "paced"

/** A paced link pauses for so many milliseconds, and after so many bytes. */
const PAUSE = 1
const PIECE = 512
/** Most frames that a merged link holds back. */
const MERGED = 512

export class Peer {
    /** Frames go here, once the handshake is answered. */
    readonly parser = new ClientParser(event => this.hear(event))
    private request?: string
    private readonly events: ClientEvent[] = []
    private over = false
    private unsent: Uint8Array[] = []
    private wake?: () => void
    /** Under TLS. */
    private readonly proofs?: Proofs

    constructor(
        private readonly socket: Socket,
        private readonly writing: Writing,
        private readonly answer: Answer
    ) {
        this.request = ""
        if (socket instanceof TLSSocket)
            this.proofs = new Proofs(bytes => {
                if (socket.writable) socket.write(bytes)
            })
        socket.on("data", bytes => this.receive(bytes))
        socket.on("end", () => this.end())
        socket.on("close", () => this.end())
    }

    private receive(bytes: Buffer) {
        if (this.request === undefined) return this.parser.feed(bytes)
        this.request += bytes.toString("latin1")
        if (!this.request.includes("\r\n\r\n")) return
        const request = readRequest(this.request)
        this.request = undefined
        for (const what of request.violations)
            this.add({ type: "violation", what: `handshake: ${what}` })
        this.unsent.push(Buffer.from(this.answer(request), "latin1"))
        this.add({ type: "request" })
    }

    private end() {
        if (!this.over) this.add({ type: "end" })
        this.over = true
    }

    private hear(event: ClientEvent) {
        const { proofs } = this
        if (proofs && event.type === "ping" && event.data.length === PROOF)
            proofs.answer(event.data)
        else this.add(event)
    }

    private add(event: ClientEvent) {
        this.events.push(event)
        this.wake?.()
    }

    /** Sends frames, or parts of frames; waits while the client does not read. */
    async send(pieces: Iterable<Uint8Array>) {
        for (const bytes of pieces) {
            this.unsent.push(bytes)
            if (this.writing !== "merged" || this.unsent.length > MERGED)
                await this.flush()
        }
    }

    /** Sends what is held back. */
    private async flush() {
        const { unsent, writing } = this
        if (!unsent.length) return
        this.unsent = []
        if (writing === "merged") return this.write(Buffer.concat(unsent))
        for (const bytes of unsent)
            if (writing === "paced") await this.pace(bytes)
            else await this.write(bytes)
    }

    private async pace(bytes: Uint8Array) {
        for (let at = 0; at < bytes.length; at += PIECE) {
            await this.write(bytes.subarray(at, at + PIECE))
            await sleep(PAUSE)
        }
    }

    private async write(bytes: Uint8Array) {
        const { socket, proofs } = this
        const hasRoom = !socket.writable || socket.write(bytes)
        proofs?.sent(bytes)
        if (hasRoom) return
        const over = new AbortController()
        const { signal } = over
        await Promise.race([
            once(socket, "drain", { signal }),
            once(socket, "close", { signal }),
        ])
        over.abort()
    }

    /** The next event. @returns undefined when there is none within that many milliseconds */
    async next(patience: number): Promise<ClientEvent | undefined> {
        await this.flush()
        if (!this.events.length) {
            const over = new AbortController()
            await Promise.race([
                new Promise<void>(resolve => (this.wake = resolve)),
                sleep(patience, undefined, { signal: over.signal }),
            ])
            over.abort()
        }
        return this.events.shift()
    }

    /** What came and nobody waited for. */
    rest(): ClientEvent[] {
        return this.events.splice(0)
    }

    /** Ends the own direction: FIN. */
    async hangUp() {
        await this.flush()
        this.socket.end()
    }

    /** Breaks the connection: RST; under TLS an end without close_notify. */
    async reset() {
        await this.flush()
        if (this.socket instanceof TLSSocket) this.socket.destroy()
        else this.socket.resetAndDestroy()
    }
}
