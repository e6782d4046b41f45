/** The way between board and server: a TCP proxy that a scenario steers. */
import { once } from "node:events"
import { connect, createServer, type Server, type Socket } from "node:net"
import { seededRandom } from "../../lib/random.ts"
import type { FaultLog } from "./fault-log.ts"
import { Pipe, WIRE, type Shape, type Way } from "./pipe.ts"

/** `up`: from the board to the server. */
export type Direction = "up" | "down"

export interface LinkOptions {
    /** The address that the board connects to. */
    host: string
    /** The server's port on 127.0.0.1, asked for at each connection. */
    target(): number
    /** Of what jitter is made. */
    seed: number
    faults: FaultLog
}

const TARGET = "127.0.0.1"
/** Below the ports that systems give to outgoing connections, so that none takes ours while it is refused. */
const PORTS = { first: 10_000, count: 20_000 }

/** A connection: two pipes. The board's end is there at once, the server's when the server has accepted. */
interface Connection {
    board: Socket
    server: Socket
    up: Pipe
    down: Pipe
    /** The board has lost power: nothing passes any more, its end neither. */
    dark: boolean
}

export class Link {
    /** Where connections to come go: a port of 127.0.0.1. */
    target: () => number

    private shape = WIRE
    private readonly silenced = new Set<Direction>()
    private muted = false
    private readonly connections = new Set<Connection>()
    private readonly sockets = new Set<Socket>()
    private readonly random: () => number
    private readonly faults: FaultLog
    private listener!: Server
    private number = 0
    private over = false

    private constructor(private readonly options: LinkOptions) {
        this.target = options.target
        this.random = seededRandom(options.seed)
        this.faults = options.faults
    }

    /** @throws when `host` is not an address of this computer */
    static async start(options: LinkOptions): Promise<Link> {
        const link = new Link(options)
        await link.listen()
        return link
    }

    /** The port that the board connects to; it stays the same. */
    get port(): number {
        return this.number
    }

    private async listen() {
        for (;;) {
            const { first, count } = PORTS
            const port =
                this.number || first + Math.floor(Math.random() * count)
            const server = createServer({ allowHalfOpen: true }, board =>
                this.carry(board)
            )
            try {
                await once(server.listen(port, this.options.host), "listening")
            } catch (error) {
                const { code } = error as NodeJS.ErrnoException
                if (code === "EADDRINUSE" && !this.number) continue
                throw error
            }
            this.listener = server
            this.number = port
            // steps that still run cannot open what has ended
            if (this.over) server.close()
            return
        }
    }

    private carry(board: Socket) {
        this.adopt(board)
        if (this.muted) return void board.resume()
        const server = connect({
            host: TARGET,
            port: this.target(),
            allowHalfOpen: true,
        })
        this.adopt(server)
        const connection: Connection = {
            board,
            server,
            up: new Pipe(
                board,
                server,
                this.way("up", () => connection)
            ),
            down: new Pipe(
                server,
                board,
                this.way("down", () => connection)
            ),
            dark: false,
        }
        this.connections.add(connection)
        const ended = () => {
            if (board.closed && server.closed)
                this.connections.delete(connection)
        }
        board.once("close", ended)
        server.once("close", ended)
    }

    private way(direction: Direction, connection: () => Connection): Way {
        const shape = () => this.shape
        const silent = () => this.silenced.has(direction) || connection().dark
        return {
            get shape() {
                return shape()
            },
            get silent() {
                return silent()
            },
            random: this.random,
            breakUp: () => breakUp(connection()),
        }
    }

    private adopt(socket: Socket) {
        this.sockets.add(socket)
        socket.setNoDelay(true)
        socket.on("error", () => {})
        socket.once("close", () => this.sockets.delete(socket))
    }

    private move() {
        for (const { up, down } of this.connections) {
            up.move()
            down.move()
        }
    }

    /** Latency, bandwidth and segments from now on, in both directions; what is not named is as on a plain wire. */
    bend(shape: Partial<Shape>) {
        this.shape = { ...WIRE, ...shape }
        this.faults.end("link: ")
        const words = Object.entries(shape).map(pair => pair.join(" "))
        if (words.length) this.faults.begin(`link: ${words.join(", ")}`)
        this.move()
    }

    /**
     * Nothing comes through any more, and nobody is told: neither FIN nor RST. What is sent meanwhile waits, as TCP would
     * send it again, and comes through after `resume`.
     */
    silence(...directions: Direction[]) {
        const all: Direction[] = directions.length ? directions : ["up", "down"]
        for (const direction of all) this.silenced.add(direction)
        this.faults.begin(`silent ${all.join(" and ")}`)
    }

    /** Ends `silence`. */
    resume() {
        this.silenced.clear()
        this.faults.end("silent ")
        this.move()
    }

    /** Connections from now on are accepted, and then nothing is said to them; until `open`. */
    mute() {
        this.muted = true
        this.faults.begin("says nothing")
    }

    /** Connections are refused from now on; those that exist stay. */
    refuse() {
        this.faults.begin("refuses")
        this.listener.close()
    }

    /** Ends `refuse` and `mute`. */
    async open() {
        this.muted = false
        if (!this.listener.listening) await this.listen()
        this.faults.end("refuses")
        this.faults.end("says nothing")
    }

    /**
     * To be called before the board is reset, so that it ends as one that loses power: the server hears nothing more on the
     * connections of now, not even their end, until it looks for a sign of life (`ping`) itself.
     */
    darken() {
        for (const connection of this.connections) connection.dark = true
    }

    /** Breaks all connections: both ends see a reset. */
    reset() {
        this.faults.moment("reset")
        for (const connection of this.connections) breakUp(connection)
    }

    /** Breaks the connection when so many more bytes are through in a direction, which may be in mid-frame. */
    resetAfter(direction: Direction, bytes: number) {
        this.faults.moment(`reset after ${bytes} B ${direction}`)
        for (const connection of this.connections)
            connection[direction].breakAfter(bytes)
    }

    /** Flips the lowest bit of the byte that passes after `offset` more in a direction. */
    corrupt(direction: Direction, offset: number) {
        this.faults.moment(`corrupts byte ${offset} ${direction}`)
        for (const connection of this.connections)
            connection[direction].corrupt(offset)
    }

    /** Ends everything, for good. */
    async stop() {
        this.over = true
        this.listener.close()
        const closed = [...this.sockets].map(socket => {
            const end = once(socket, "close")
            socket.destroy()
            return end
        })
        await Promise.all(closed)
    }
}

function breakUp({ board, server }: Connection) {
    board.resetAndDestroy()
    server.resetAndDestroy()
}
