/** A board's way to the bus of the tool chain's dev server, on which it is deployed to and debugged. */
import { once } from "node:events"
import { createConnection, type Socket } from "node:net"

/** A length of 255 says that two bytes with the length proper follow. */
const LONG = 255

/** Carries Jacdac frames, each behind its length, over TCP. */
export class Bus {
    /** Gets each frame from the bus. */
    onframe: (frame: Uint8Array) => void = () => {}
    private rest: Buffer = Buffer.alloc(0)

    /**
     * Joins the bus.
     * @throws when nobody listens there
     */
    static async join(port: number, host = "127.0.0.1"): Promise<Bus> {
        const socket = createConnection({ port, host, noDelay: true })
        await once(socket, "connect")
        return new Bus(socket)
    }

    private constructor(private readonly socket: Socket) {
        socket.on("data", data => this.receive(data))
        // what is left of a bus that ended is the silence on it
        socket.on("error", () => {})
    }

    private receive(data: Buffer) {
        this.rest = Buffer.concat([this.rest, data])
        for (;;) {
            const isLong = this.rest[0] === LONG
            const head = isLong ? 3 : 1
            if (this.rest.length < head) return
            const size = isLong ? this.rest.readUInt16LE(1) : this.rest[0]
            if (this.rest.length < head + size) return
            const frame = this.rest.subarray(head, head + size)
            this.rest = this.rest.subarray(head + size)
            this.onframe(frame)
        }
    }

    send(frame: Uint8Array): void {
        const { length } = frame
        const head =
            length < LONG ? [length] : [LONG, length & 0xff, length >> 8]
        this.socket.write(Buffer.concat([Buffer.from(head), frame]))
    }

    leave(): void {
        this.socket.destroy()
    }
}
