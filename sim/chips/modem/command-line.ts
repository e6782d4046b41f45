/** A modem's serial line: commands in, answers out, as V.250 has it for every make. */
import type { ModemFaults, Moment } from "./faults.ts"
import type { SerialPeer } from "./sc16is7xx.ts"

export abstract class CommandLine implements SerialPeer {
    readonly faults: ModemFaults = {}
    /** Every command line so far, as it came. */
    readonly commands: string[] = []

    protected echo = true
    protected flowControl = false
    /** From when the last byte of an answer is out. */
    protected nextBaud: number | undefined
    private line = ""
    private wanted: { length: number; take: (data: Buffer) => void } | undefined
    private collected: number[] = []
    private out: number[] = []
    /** Bytes that go out after CTS has fallen: what the transmitter has taken already. */
    private skid = 2

    constructor(public baud: number) {}

    /** It is on, and not mute. */
    protected abstract readonly isListening: boolean
    protected abstract execute(line: string): void
    /** As after a fault of its own. */
    abstract restart(): void

    /** As after power was off. */
    protected clear(): void {
        this.echo = true
        this.flowControl = false
        this.nextBaud = undefined
        this.line = ""
        this.wanted = undefined
        this.collected = []
        this.out = []
    }

    get ready(): boolean {
        return !this.faults.holdOff
    }

    receive(byte: number): void {
        if (!this.isListening) return
        this.countdown()
        if (this.wanted) return this.collect(byte)
        if (this.echo) this.out.push(byte)
        if (byte === 13) {
            const line = this.line.trim()
            this.line = ""
            if (line) this.execute(line)
        } else if (byte !== 10) this.line += String.fromCharCode(byte)
    }

    transmit(clear: boolean): number | undefined {
        if (clear) this.skid = 2
        else if (this.flowControl && this.skid-- <= 0) return undefined
        const byte = this.out.shift()
        if (byte !== undefined) this.countdown()
        else if (this.nextBaud) {
            this.baud = this.nextBaud
            this.nextBaud = undefined
        }
        return byte
    }

    private countdown(): void {
        const { faults } = this
        if (faults.rebootAfter === undefined || --faults.rebootAfter > 0) return
        faults.rebootAfter = undefined
        this.restart()
    }

    private collect(byte: number): void {
        const { length, take } = this.wanted!
        this.collected.push(byte)
        if (this.collected.length < length) return
        const data = Buffer.from(this.collected)
        this.wanted = undefined
        this.collected = []
        take(data)
    }

    /** Answers as the fault `refuse` has it. */
    protected refuses(line: string): boolean {
        const { refuse } = this.faults
        const commands = [refuse?.command ?? []].flat()
        if (!refuse || !commands.some(name => line.startsWith(`AT${name}`)))
            return false
        if (refuse.times !== undefined && --refuse.times <= 0)
            this.faults.refuse = undefined
        if (refuse.with !== "") this.say(refuse.with ?? "ERROR")
        return true
    }

    /** Says in between what the fault `interject` has. */
    protected interject(where: Moment): void {
        const { interject } = this.faults
        const command = this.commands.at(-1) ?? ""
        if (interject?.where !== where) return
        if (!command.startsWith(`AT${interject.command}`)) return
        if (interject.times !== undefined && --interject.times <= 0)
            this.faults.interject = undefined
        this.raw(interject.text)
    }

    /** A line on its own, with the empty line before it that verbose mode puts there (V.250, 5.7.1). */
    say(text: string): void {
        const said = `\r\n${text}\r\n`
        this.raw(this.faults.respell?.(said) ?? said)
    }

    /** Bytes as they are. */
    raw(bytes: string | Buffer): void {
        if (!this.isListening) return
        for (const byte of Buffer.from(bytes as string, "latin1"))
            this.out.push(byte)
    }

    /** A header line and bytes behind it. */
    protected payload(header: string, data: Buffer): void {
        this.say(header)
        const half = data.length >> 1
        this.raw(data.subarray(0, half))
        this.interject("payload")
        this.raw(data.subarray(half))
        this.raw("\r\n")
    }

    /** Information lines, then OK. */
    protected ok(...lines: string[]): void {
        for (const line of lines) this.say(line)
        this.interject("final")
        this.say("OK")
    }

    /** Asks for data with a prompt and hands it over when it is complete. */
    protected prompt(length: number, take: (data: Buffer) => void): void {
        this.wanted = { length, take }
        if (this.faults.noPrompt && this.faults.noPrompt-- > 0) return
        this.raw("\r\n")
        this.interject("prompt")
        this.raw("> ")
        this.interject("prompted")
    }
}
