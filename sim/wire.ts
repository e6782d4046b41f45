/**
 * A wire from a program in the VM to a model in this process, in place of a TCP connection.
 *
 * The VM has no SPI, I2C or UART. A program reaches a model by opening its one socket to the host `sim:<name>`
 * (any port but 0, no TLS): what it sends goes to the model registered as `<name>`, and what the model replies comes back
 * as data, in the same order and without losses. A wire delivers at once: a reply given inside `data()` reaches the
 * program within the same step of the VM.
 */
import type { Carrier, SocketEvent } from "./carrier.ts"

/** The far end of a wire: a chip, a modem, or whatever else a test puts there. */
export interface WireModel {
    /**
     * The program opened the wire; an earlier one to this model is gone.
     * @param reply sends bytes to the program, now or at any later time; they arrive as one piece per call
     * @throws to refuse: the program's connect fails with this message
     */
    open?(reply: Reply): void
    /**
     * The bytes of one write of the program, as one piece.
     * @param bytes the model's to keep
     */
    data(bytes: Uint8Array): void
    /** The program closed the wire, opened another socket, or the board stopped. */
    close?(): void
}

export type Reply = (bytes: Uint8Array) => void

/** Carries the program's socket to a model. */
export class Wire implements Carrier {
    private readonly events: SocketEvent[] = []
    private attached = true

    /**
     * @param model none: the program's connect fails
     * @param wake called when there is something for the program
     */
    constructor(
        name: string,
        private readonly model: WireModel | undefined,
        private readonly wake: () => void
    ) {
        try {
            if (!model) throw new Error("no model of that name")
            model.open?.(bytes => this.reply(bytes))
            this.events.unshift({ type: "open" })
        } catch (error) {
            this.attached = false
            this.events.push({ type: "error", text: `${name}: ${error}` })
        }
    }

    private reply(bytes: Uint8Array) {
        if (!this.attached) return
        this.events.push({ type: "data", bytes })
        this.wake()
    }

    write(bytes: Uint8Array): number {
        this.model?.data(bytes)
        return 0
    }

    next(): SocketEvent | undefined {
        return this.events.shift()
    }

    close() {
        if (!this.attached) return
        this.attached = false
        this.events.length = 0
        this.model?.close?.()
    }
}
