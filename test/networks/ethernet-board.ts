/** A board with a modelled W5500 in a modelled network, and a server for it to talk to. */
import { createServer, type Socket } from "node:net"
import type { TestContext } from "node:test"
import { Board } from "../../sim/board.ts"
import { Backplane, SpiWire } from "../../sim/buses.ts"
import { HomeLan } from "../../sim/chips/w5500/home.ts"
import { W5500, type W5500Options } from "../../sim/chips/w5500/w5500.ts"
import { listen } from "../wire/tcp-server.ts"

export interface Setup {
    /** Settings of test/device/ethernet-client.ts. */
    settings?: Record<string, unknown>
    /** What the server does with a connection; default: echo. */
    serve?: (socket: Socket) => void
    chip?: W5500Options
    /** Before the board starts. */
    prepare?: (chip: W5500, lan: HomeLan) => void
    /** Leave the cable out. */
    unplugged?: boolean
}

/** A server that may go on sending when the board has ended. @returns its port */
export function serve(
    t: TestContext,
    handle: (socket: Socket) => void
): Promise<number> {
    return listen(t, createServer({ allowHalfOpen: true }, handle))
}

export function echo(socket: Socket): void {
    socket.pipe(socket)
}

/** Runs `test/device/ethernet-client.ts` against a TCP server. */
export async function start(t: TestContext, setup: Setup = {}) {
    const port = await serve(t, setup.serve ?? echo)
    const settings = { port, ...setup.settings }
    const program = "test/device/ethernet-client.ts"
    return await startBoard(t, program, settings, setup)
}

/** Runs a program on a board with a chip of its own. */
export async function startBoard(
    t: TestContext,
    program: string,
    settings: Record<string, unknown>,
    setup: Setup = {}
) {
    const chip = new W5500({ pace: 20, ...setup.chip })
    const lan = new HomeLan()
    setup.prepare?.(chip, lan)
    if (!setup.unplugged) chip.plug(lan)
    const wire = new SpiWire(chip)
    const board = await Board.start(program, {
        settings,
        wires: { bus: new Backplane({ w5500: wire }) },
    })
    t.after(async () => {
        await board.stop()
        chip.close()
    })
    return { board, chip, lan, wire }
}

/** Waits for something that the model shows. */
export async function until(
    what: string,
    holds: () => boolean,
    timeout = 10_000
): Promise<void> {
    const deadline = Date.now() + timeout
    while (!holds()) {
        if (Date.now() > deadline)
            throw new Error(`expected ${what} within ${timeout} ms`)
        await new Promise(resolve => setTimeout(resolve, 1))
    }
}

/** Reads a 16-bit socket register behind the program's back. */
export function socketRegister(chip: W5500, n: number, offset: number): number {
    chip.select()
    const bytes = [0, offset, (n * 4 + 1) << 3, 0, 0].map(byte =>
        chip.transfer(byte)
    )
    chip.deselect()
    return bytes[3] * 256 + bytes[4]
}

/** Waits until no socket of the chip is open any more, and the network holds no connection. */
export async function allClosed(chip: W5500, lan: HomeLan): Promise<void> {
    await until(
        "all sockets and connections closed",
        () => chip.states().every(state => state === 0) && !lan.connections
    )
}
