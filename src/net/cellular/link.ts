import { millis } from "@devicescript/core"
import { Signal } from "../../fiber/signal"
import { Stream, StreamError } from "../stream"
import { At, Request } from "./at"
import { Service } from "./dialect"

/** Said once is enough. */
const MODEM = "modem: "

/** Largest piece each way: what the WebSocket above likes to get at once, and every modem takes. */
const PIECE = 1024
/** Milliseconds in which the modem takes a piece into its own memory. */
const PIECE_TIMEOUT = 20000
/** Milliseconds after which a modem that has no room for more is given up. */
const STALL_TIMEOUT = 60000
/** Milliseconds until a full modem is asked again. */
const FULL_INTERVAL = 100
/** Milliseconds after which the modem is asked for data although it did not say that there is any. */
const DOUBT = 5000
const CLOSE_TIMEOUT = 10000

/** One of the modem's sockets, which does TCP, or TLS over it, by itself. */
export class ModemStream implements Stream {
    /** The modem's socket is free again. */
    released = false
    /** Why it is broken. */
    private lost: string
    /** The modem does not know it any more. */
    private forgotten = false
    private readable = false
    private ended = false
    private closed = false
    private readonly changed = new Signal()

    constructor(
        private readonly at: At,
        readonly service: Service,
        readonly link: number,
        private readonly name: string,
        /** Called when something went wrong that may be more than this socket's fault. */
        private readonly failed: () => void
    ) {}

    /** Opens the socket. @throws StreamError that tells whether the host, the port or the network is to blame */
    async open(host: string, port: number, timeout: number) {
        const { service, link } = this
        const { open, kind, tail, opened, errors } = service
        const result = await this.request(
            `${open}${link},${kind}${host},${port}${tail}`,
            `${opened}${link},`,
            timeout
        )
        if (result === "0") return
        const at = errors.indexOf(`|${result}:`)
        const reason = at < 0 ? result : errors.slice(at + 1).split("|")[0]
        throw new StreamError(`modem: ${this.name}: error ${reason}`)
    }

    /** A command whose failure is the end of this socket. */
    private async request(text: string, prefix: string, timeout: number) {
        try {
            return await this.at.command(text, prefix, timeout)
        } catch (e) {
            throw this.broken(e as Error)
        }
    }

    /** Takes an unsolicited line. @returns whether it was about this socket */
    notice(line: string): boolean {
        const { service, link } = this
        if (line.startsWith(service.gone + link)) this.ended = true
        else if (!line.startsWith(service.arrived + link)) return false
        this.readable = true
        this.changed.notify()
        return true
    }

    /** The modem has lost it. */
    lose(why: string) {
        this.forgotten = true
        this.fail(why)
    }

    private fail(why: string) {
        if (!this.lost) this.lost = why
        this.changed.notify()
    }

    async send(data: Buffer): Promise<void> {
        const { length } = data
        let deadline = millis() + STALL_TIMEOUT
        for (let at = 0; at < length;) {
            this.check()
            const size = Math.min(PIECE, length - at)
            const sent = await this.sendPiece(
                size === length ? data : data.slice(at, at + size)
            )
            at += sent
            if (sent) deadline = millis() + STALL_TIMEOUT
            else if (millis() > deadline)
                throw this.broken(
                    new StreamError(
                        `no room in the modem for ${STALL_TIMEOUT / 1000} s`
                    )
                )
            else await this.changed.wait(FULL_INTERVAL)
        }
    }

    /** @returns how much the modem has taken */
    private async sendPiece(data: Buffer): Promise<number> {
        const { service, link } = this
        const { length } = data
        try {
            const result = await this.at.run({
                text: `${service.send}${link},${length}`,
                timeout: PIECE_TIMEOUT,
                prefix: service.sent ? `${service.sent}${link},` : undefined,
                data,
            })
            return service.taken(result, length)
        } catch (e) {
            const error = e as Error
            if (error.message.indexOf("SEND FAIL") >= 0) return 0
            throw this.broken(error)
        }
    }

    async recv(timeout?: number): Promise<Buffer> {
        const deadline = timeout === undefined ? undefined : millis() + timeout
        for (;;) {
            if (this.closed) return null
            this.check()
            if (this.readable) {
                const data = await this.read()
                if (data) return data
            }
            if (this.ended) return null
            if (this.readable) continue
            const left = deadline === undefined ? DOUBT : deadline - millis()
            if (left <= 0) return undefined
            if (!(await this.changed.wait(Math.min(left, DOUBT))))
                this.readable = left > DOUBT || deadline === undefined
        }
    }

    /** @returns undefined when there was nothing */
    private async read(): Promise<Buffer> {
        const { service, link } = this
        const { read, payload, wasRead, empty } = service
        this.readable = false
        const request: Request = {
            text: `${read}${link},${PIECE}`,
            payload: payload.split("#").join(`${link}`),
            max: PIECE,
            prefix: wasRead ? `${wasRead}${link},` : undefined,
        }
        try {
            await this.at.run(request)
        } catch (e) {
            const error = e as Error
            if (this.ended || (empty && error.message.indexOf(empty) >= 0))
                return undefined
            throw this.broken(error)
        }
        const { received } = request
        if (!received || !received.length) return undefined
        // there may be more, of which the modem does not tell as long as this one waits
        if (received.length === PIECE) this.readable = true
        return received
    }

    private check() {
        if (this.closed) throw new StreamError(`modem: ${this.name}: closed`)
        if (this.lost)
            throw new StreamError(`modem: ${this.name}: ${this.lost}`)
    }

    private broken(error: Error): StreamError {
        const { message } = error
        this.fail(
            message.startsWith(MODEM) ? message.slice(MODEM.length) : message
        )
        this.failed()
        return new StreamError(`modem: ${this.name}: ${this.lost}`)
    }

    async close(): Promise<void> {
        if (this.closed) return
        this.closed = true
        this.changed.notify()
        const { close, closed } = this.service
        const { link } = this
        try {
            if (!this.forgotten)
                await this.at.command(
                    `${close}${link}`,
                    closed ? `${closed}${link},` : undefined,
                    CLOSE_TIMEOUT
                )
        } catch {
            // closed by the modem itself, or lost with it
        }
        this.released = true
    }
}
