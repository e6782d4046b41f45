/**
 * A modelled Quectel BG95/EC2x/EG915, written from the BG95 and EC2x Series TCP/IP and SSL Application Notes: twelve sockets in
 * buffer access mode, TLS with contexts.
 */
import { Modem, unquote, type Command, type PowerKey } from "./modem.ts"
import type { ModemSocket, Security } from "./link.ts"

const SOCKETS = 12
/** Most bytes of AT+QISEND, and of AT+QIRD. */
const SEND_PIECE = 1460
const READ_PIECE = 1500

/** TCP/IP Application Note 4. */
const ERROR = { dns: 565, refused: 566, handshake: 579 }
const NO_CONTEXT = 561
const IN_USE = 563

/** TCP and TLS sockets differ by the beginnings of their commands and lines. */
interface Kind {
    name: "QI" | "QSSL"
    sockets: Map<number, ModemSocket>
}

export class QuectelModem extends Modem {
    private readonly tcp: Kind = { name: "QI", sockets: new Map() }
    private readonly tls: Kind = { name: "QSSL", sockets: new Map() }
    private readonly config = new Map<string, string>()

    /** BG95 Hardware Design 3.6: 500 ms, 650 ms. */
    protected readonly powerKeyTimes: PowerKey = { on: 500, off: 650 }

    protected banner(): string[] {
        return ["RDY", "+CFUN: 1", "+CPIN: READY", "+QUSIM: 1", "APP RDY"]
    }

    protected simRemoved(): string {
        return "+CPIN: NOT READY"
    }

    protected forget(): void {
        this.forgetSockets()
        this.config.clear()
    }

    protected forgetSockets(): void {
        this.tcp.sockets.clear()
        this.tls.sockets.clear()
    }

    protected dropped(): void {
        this.forget()
        this.say('+QIURC: "pdpdeact",1')
    }

    protected special(): Record<string, Command> {
        return {
            "+QPINC": () => this.ok(`+QPINC: "SC",${this.remainingTries},10`),
            "+QICSGP": value => {
                const [context, , apn, user = "", password = ""] =
                    unquote(value)
                this.contexts.set(context, apn)
                this.login = { user, password }
                this.ok()
            },
            "+QIACT": value => this.activate(value),
            "+QIDEACT": () => {
                this.context = "closed"
                this.link.closeAll()
                this.forgetSockets()
                this.ok()
            },
            "+QIOPEN": value => this.open(this.tcp, value),
            "+QISEND": value => this.send(this.tcp, value),
            "+QIRD": value => this.read(this.tcp, value),
            "+QICLOSE": value => this.closeSocket(this.tcp, value),
            "+QSSLCFG": value => {
                const [key, , setting] = unquote(value)
                this.config.set(key, setting)
                this.ok()
            },
            "+QSSLOPEN": value => this.open(this.tls, value),
            "+QSSLSEND": value => this.send(this.tls, value),
            "+QSSLRECV": value => this.read(this.tls, value),
            "+QSSLCLOSE": value => this.closeSocket(this.tls, value),
        }
    }

    private activate(value: string): void {
        const open = this.context !== "closed"
        if (value === "?")
            return open ? this.ok(`+QIACT: 1,1,1,"${this.address}"`) : this.ok()
        if (open || !this.admitted("1")) return this.fail()
        this.context = "open"
        this.ok()
    }

    private open(kind: Kind, value: string): void {
        const parameters = unquote(value)
        // context and socket, then "TCP" or nothing; context, TLS context and socket
        const [n, host, port] =
            kind === this.tls
                ? parameters.slice(2)
                : [parameters[1], ...parameters.slice(3)]
        const number = Number(n)
        if (!(number < SOCKETS)) return this.fail()
        const answer = (error: number) =>
            this.say(`+${kind.name}OPEN: ${number},${error}`)
        this.ok()
        if (!this.active) return answer(NO_CONTEXT)
        if (kind.sockets.has(number)) return answer(IN_USE)
        const urc = `+${kind.name === "QI" ? "QI" : "QSSL"}URC:`
        const socket = this.link.open(
            host,
            Number(port),
            {
                open: () => answer(0),
                failed: reason => {
                    kind.sockets.delete(number)
                    answer(ERROR[reason])
                },
                data: () => this.say(`${urc} "recv",${number}`),
                closed: () => this.say(`${urc} "closed",${number}`),
            },
            kind === this.tls ? this.security(host) : undefined
        )
        kind.sockets.set(number, socket)
    }

    /** What AT+QSSLCFG asked for. */
    private security(host: string): Security {
        const { config } = this
        const verify = config.get("seclevel") !== "0"
        return {
            serverName: config.get("sni") === "1" ? host : undefined,
            authority: verify ? (config.get("cacert") ?? "") : undefined,
            host: config.get("checkhost") === "1" ? host : undefined,
        }
    }

    private send(kind: Kind, value: string): void {
        const [n, length] = unquote(value).map(Number)
        if (!(length > 0 && length <= SEND_PIECE) || !kind.sockets.has(n))
            return this.fail()
        this.prompt(length, data => {
            if (this.faults.full) {
                this.faults.full--
                return this.say("SEND FAIL")
            }
            if (this.faults.gone && this.faults.gone-- > 0)
                return this.say("ERROR")
            kind.sockets.get(n)?.write(data)
            this.say("SEND OK")
        })
    }

    private read(kind: Kind, value: string): void {
        const [n, size] = unquote(value).map(Number)
        const socket = kind.sockets.get(n)
        if (!socket || size > READ_PIECE) return this.fail()
        if (size === 0 && kind === this.tcp)
            return this.ok(
                `+QIRD: ${socket.total},${socket.total - socket.waiting},${socket.waiting}`
            )
        const data = this.handOut(socket, size)
        const header = kind === this.tls ? "+QSSLRECV" : "+QIRD"
        if (data.length) this.payload(`${header}: ${data.length}`, data)
        else this.say(`${header}: 0`)
        this.ok()
    }

    private closeSocket(kind: Kind, value: string): void {
        const n = Number(value.split(",")[0])
        kind.sockets.get(n)?.close()
        kind.sockets.delete(n)
        this.ok()
    }
}

export class Eg915uModem extends QuectelModem {
    /** EG915U Hardware Design 3.6 and 3.7: 2 s, 3 s. */
    protected override readonly powerKeyTimes = { on: 2000, off: 3000 }
}
