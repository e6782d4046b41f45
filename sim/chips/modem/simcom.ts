/**
 * A modelled SIMCom A7670/SIM7600, written from the A76XX Series TCPIP and SSL application notes (V1.01 and later): ten
 * TCP sockets with manual receive, two TLS sessions.
 */
import { Modem, unquote, type Command } from "./modem.ts"
import type { ModemSocket } from "./link.ts"

const TCP_SOCKETS = 10
const TLS_SESSIONS = 2
/** Most bytes of AT+CIPSEND and AT+CIPRXGET, and of AT+CCHSEND and AT+CCHRECV. */
const TCP_PIECE = 1500
const TLS_PIECE = 2048

/** Errors of AT+CIPOPEN (application note 4.1), and of AT+CCHOPEN. */
const TCP_ERROR = { dns: 11, refused: 1, handshake: 1 }
const TLS_ERROR = { dns: 13, refused: 14, handshake: 15 }

export class SimcomModem extends Modem {
    private manual = false
    private service = false
    private cached = false
    private readonly tcp = new Map<number, ModemSocket>()
    private readonly tls = new Map<number, ModemSocket>()
    private readonly config = new Map<string, string>()

    /** A7670 Hardware Design: 50 ms, 2.5 s. */
    protected readonly powerKeyTimes = { on: 50, off: 2500 }

    protected banner(): string[] {
        return ["*ATREADY: 1", "+CPIN: READY", "SMS DONE", "PB DONE"]
    }

    protected simRemoved(): string {
        return "+CPIN: SIM REMOVED"
    }

    protected forget(): void {
        this.manual = false
        this.service = false
        this.cached = false
        this.forgetSockets()
        this.config.clear()
    }

    protected forgetSockets(): void {
        this.tcp.clear()
        this.tls.clear()
    }

    protected dropped(): void {
        const had = this.tcp.size + this.tls.size
        this.forgetSockets()
        if (had) this.say("+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY")
    }

    protected special(): Record<string, Command> {
        return {
            "+SPIC": () => this.ok(`+SPIC: ${this.remainingTries},10,3,10`),
            "+CGAUTH": value => {
                const [, , user = "", password = ""] = unquote(value)
                this.login = { user, password }
                this.ok()
            },
            "+NETOPEN": value => this.netOpen(value),
            "+NETCLOSE": () => this.netClose(),
            "+IPADDR": () =>
                this.active
                    ? this.ok(`+IPADDR: ${this.address}`)
                    : this.wrong("+IPADDR: Network not opened"),
            "+CIPRXGET": value => this.receiveTcp(value),
            "+CIPOPEN": value => this.openTcp(value),
            "+CIPSEND": value => this.sendTcp(value),
            "+CIPCLOSE": value => this.closeTcp(Number(value)),
            "+CCHSET": value => {
                this.cached = value.endsWith(",1")
                this.ok()
            },
            "+CCHSTART": () => this.start(),
            "+CCHSTOP": () => {
                if (!this.service) return this.fail()
                this.endTls()
                this.ok()
                this.say("+CCHSTOP: 0")
            },
            "+CCHSSLCFG": () => this.ok(),
            "+CSSLCFG": value => {
                const [key, , setting] = unquote(value)
                this.config.set(key, setting)
                this.ok()
            },
            "+CCHOPEN": value => this.openTls(value),
            "+CCHSEND": value => this.sendTls(value),
            "+CCHRECV": value => this.receiveTls(value),
            "+CCHCLOSE": value => this.closeTls(Number(value)),
        }
    }

    private endTls(): void {
        for (const socket of this.tls.values()) socket.close()
        this.tls.clear()
        this.service = false
    }

    /** Its TLS service has ended by itself. */
    stopTls(): void {
        this.endTls()
        this.say("+CCH: CCH STOPPED")
    }

    /** An error that an information line explains. */
    private wrong(line: string): void {
        this.say(line)
        this.fail()
    }

    private netOpen(value: string): void {
        const open = this.context !== "closed"
        if (value === "?") return this.ok(`+NETOPEN: ${open ? 1 : 0}`)
        if (open) return this.wrong("+IP ERROR: Network is already opened")
        this.ok()
        if (this.admitted("1")) this.context = "open"
        this.say(`+NETOPEN: ${this.active ? 0 : 1}`)
    }

    private netClose(): void {
        if (this.context === "closed") return this.wrong("+NETCLOSE: 2")
        this.context = "closed"
        this.link.closeAll()
        this.tcp.clear()
        this.ok()
        this.say("+NETCLOSE: 0")
    }

    private openTcp(value: string): void {
        const [number, type, host, port] = unquote(value)
        const n = Number(number)
        if (!this.active) return this.wrong(`+CIPOPEN: ${n},2`)
        if (!(n < TCP_SOCKETS) || type !== "TCP" || this.tcp.has(n))
            return this.wrong(`+CIPOPEN: ${n},3`)
        this.ok()
        const socket = this.link.open(host, Number(port), {
            open: () => this.say(`+CIPOPEN: ${n},0`),
            failed: reason => {
                this.tcp.delete(n)
                this.say(`+CIPOPEN: ${n},${TCP_ERROR[reason]}`)
            },
            data: () => this.arrived(n, socket),
            closed: () => this.say(`+IPCLOSE: ${n},1`),
        })
        this.tcp.set(n, socket)
    }

    private arrived(n: number, socket: ModemSocket): void {
        if (this.manual) return this.say(`+CIPRXGET: 1,${n}`)
        const data = socket.read(TCP_PIECE)
        this.payload(`+IPD${data.length}`, data)
    }

    private sendTcp(value: string): void {
        const [number, size] = unquote(value)
        const n = Number(number)
        const length = Number(size)
        if (!(length > 0 && length <= TCP_PIECE) || !this.tcp.has(n))
            return this.wrong(`+CIPERROR: ${this.tcp.has(n) ? 3 : 4}`)
        this.prompt(length, data => {
            if (this.faults.gone && this.faults.gone-- > 0) {
                this.ok()
                return this.say(`+CIPSEND: ${n},${length},-1`)
            }
            const taken = this.take(length)
            this.tcp.get(n)?.write(data.subarray(0, taken))
            this.ok()
            this.say(`+CIPSEND: ${n},${length},${taken}`)
        })
    }

    /** How much of a piece is sent, by what the faults say. */
    private take(length: number): number {
        const { shortWrite, full } = this.faults
        this.faults.shortWrite = undefined
        if (full) {
            this.faults.full = full - 1
            return 0
        }
        return Math.min(length, shortWrite ?? length)
    }

    private receiveTcp(value: string): void {
        const [mode, number, size] = unquote(value).map(Number)
        if (mode <= 1) {
            this.manual = mode === 1
            return this.ok()
        }
        const socket = this.tcp.get(number)
        if (mode === 4)
            return this.ok(`+CIPRXGET: 4,${number},${socket?.waiting ?? 0}`)
        if (mode !== 2 || !socket?.waiting)
            return this.wrong("+IP ERROR: No data")
        if (size > TCP_PIECE) return this.wrong("+IP ERROR: Invalid parameter")
        const data = this.handOut(socket, size)
        if (!data.length)
            return this.ok(`+CIPRXGET: 2,${number},0,${socket.waiting}`)
        this.payload(
            `+CIPRXGET: 2,${number},${data.length},${socket.waiting}`,
            data
        )
        this.ok()
    }

    private closeTcp(n: number): void {
        const socket = this.tcp.get(n)
        if (!socket) return this.wrong(`+CIPCLOSE: ${n},4`)
        socket.close()
        this.tcp.delete(n)
        this.ok()
        this.say(`+CIPCLOSE: ${n},0`)
    }

    private start(): void {
        if (this.service) return this.fail()
        this.service = this.admitted("1")
        this.ok()
        this.say(`+CCHSTART: ${this.service ? 0 : 9}`)
    }

    private openTls(value: string): void {
        const [number, host, port, type] = unquote(value)
        const n = Number(number)
        if (!this.service || !(n < TLS_SESSIONS) || this.tls.has(n))
            return this.fail()
        const { config } = this
        const verify = config.get("authmode") === "1"
        this.ok()
        const socket = this.link.open(
            host,
            Number(port),
            {
                open: () => this.say(`+CCHOPEN: ${n},0`),
                failed: reason => {
                    this.tls.delete(n)
                    this.say(`+CCHOPEN: ${n},${TLS_ERROR[reason]}`)
                },
                data: () => {
                    if (this.cached) this.say(`+CCHEVENT: ${n},RECV EVENT`)
                },
                closed: () => this.say(`+CCH_PEER_CLOSED: ${n}`),
            },
            type === "2"
                ? {
                      serverName:
                          config.get("enableSNI") === "1" ? host : undefined,
                      authority: verify ? config.get("cacert") : undefined,
                  }
                : undefined
        )
        this.tls.set(n, socket)
    }

    private sendTls(value: string): void {
        const [n, length] = unquote(value).map(Number)
        if (!(length > 0 && length <= TLS_PIECE) || !this.tls.has(n))
            return this.fail()
        this.prompt(length, data => {
            const taken = this.take(length) === length
            const { faults } = this
            const gone = faults.gone !== undefined && faults.gone-- > 0
            if (taken && !gone) this.tls.get(n)?.write(data)
            this.ok()
            this.say(`+CCHSEND: ${n},${gone ? 4 : taken ? 0 : 6}`)
        })
    }

    private receiveTls(value: string): void {
        if (value === "?") {
            const waiting = [0, 1].map(n => this.tls.get(n)?.waiting ?? 0)
            return this.ok(`+CCHRECV: LEN,${waiting.join()}`)
        }
        const [n, size] = unquote(value).map(Number)
        const socket = this.tls.get(n)
        if (!socket || size > TLS_PIECE) return this.fail()
        const data = this.handOut(socket, size)
        const { parts = data.length } = this.faults
        this.ok()
        for (let at = 0; at < data.length; at += parts) {
            const part = data.subarray(at, at + parts)
            this.payload(`+CCHRECV: DATA,${n},${part.length}`, part)
        }
        this.say(`+CCHRECV: ${n},0`)
    }

    private closeTls(n: number): void {
        const socket = this.tls.get(n)
        if (!socket) return this.fail()
        socket.close()
        this.tls.delete(n)
        this.ok()
        this.say(`+CCHCLOSE: ${n},0`)
    }
}
