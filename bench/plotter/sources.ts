import { once } from "node:events"
import { connect, type Socket } from "node:net"

/** Milliseconds between two writes of a source. */
const TICK = 50

/** Sources whose points are x = 0, 1, 2, … and y = the time of sending. */
export class LoadSources {
    readonly #sockets: Socket[]
    readonly #timer: NodeJS.Timeout
    readonly #started = performance.now()
    readonly #rate: number
    /** Points that each source has sent */
    #sent = 0

    private constructor(sockets: Socket[], rate: number) {
        this.#sockets = sockets
        this.#rate = rate
        this.#timer = setInterval(() => this.#tick(), TICK)
    }

    /** @param prefix of their names, @param rate points a second of each */
    static async start(
        port: number,
        prefix: string,
        count: number,
        rate: number
    ): Promise<LoadSources> {
        const sockets = Array.from({ length: count }, () =>
            connect(port, "127.0.0.1").setNoDelay()
        )
        await Promise.all(sockets.map(socket => once(socket, "connect")))
        for (const [i, socket] of sockets.entries())
            socket.write(`${prefix}${i}\n`)
        return new LoadSources(sockets, rate)
    }

    /** Ends all sources. @returns how many points were sent */
    async stop(): Promise<number> {
        clearInterval(this.#timer)
        await Promise.all(
            this.#sockets.map(socket => {
                socket.resume().end()
                return once(socket, "close")
            })
        )
        return this.#sent * this.#sockets.length
    }

    // as many as are due, also when a tick came late
    #tick(): void {
        const elapsed = (performance.now() - this.#started) / 1000
        const due = Math.floor(elapsed * this.#rate)
        const now = Date.now()
        let lines = ""
        for (let x = this.#sent; x < due; x++) lines += `${x} ${now}\n`
        this.#sent = due
        if (lines) for (const socket of this.#sockets) socket.write(lines)
    }
}
