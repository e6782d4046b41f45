/** A board behind a serial port, for the tests: the simulator's VM with its network, and the framing of the firmware's USB port. */
import { Duplex } from "node:stream"
import { decode } from "../../sim/jacdac.ts"
import { Link } from "../../sim/link.ts"
import { Machine } from "../../sim/machine.ts"
import { compileSource } from "../../sim/program.ts"

const MAGIC = 0xfe
const ENABLE_PACKETS = 0x81
/** The class of the service that packets are enabled at, as the device id of a broadcast. */
const BRIDGE = "4a1af61800000000"

export interface SerialBoard {
    /** The computer's end. */
    port: Duplex
    /** Programs that were started, by the firmware's own line. */
    starts: string[]
    /** Frames from the computer that never arrive: the n-th, from 1. */
    lose: Set<number>
    close(): Promise<void>
}

/** Starts a board with a program that says "old" all the time. */
export async function startSerialBoard(): Promise<SerialBoard> {
    const { bytecode } = compileSource(
        `setInterval(() => console.log("old"), 5)`
    )
    const link = new Link()
    const starts: string[] = []
    const lose = new Set<number>()
    const unquote = unquoting()
    let frames = 0
    let enabled = false
    const out = (bytes: Iterable<number>) =>
        void port.push(Buffer.from([...bytes]))
    const machine: Machine = new Machine(
        {
            deviceId: "00000000000000a1",
            gcStress: false,
            flash: {},
            open: (host, port) =>
                link.open(host, port, {
                    wake: machine.wake,
                    hasRoom: machine.hasRoom,
                }),
        },
        {
            line: text => {
                if (text.startsWith("* start: ")) starts.push(text)
                out(escape(Buffer.from(`${text}\n`)))
            },
            frame: frame => {
                if (enabled) out([MAGIC, 0xfc, ...escape(frame), MAGIC, 0xfd])
            },
            failed: error => {
                throw error
            },
            panic: () => {},
            reset: () => (enabled = false),
        }
    )
    const port: Duplex = new Duplex({
        read() {},
        write(bytes: Buffer, _encoding, done) {
            for (const frame of unquote(bytes)) {
                if (lose.has(++frames)) continue
                const [packet] = decode(frame)
                if (packet.device === BRIDGE)
                    enabled = packet.command === ENABLE_PACKETS
                else machine.receive(frame)
            }
            done()
        },
    })
    await machine.start(bytecode, {})
    return {
        port,
        starts,
        lose,
        close: async () => {
            machine.stop()
            port.destroy()
            await link.stop()
        },
    }
}

/** MAGIC in the content is followed by what says that it is content. */
function escape(bytes: Uint8Array): number[] {
    return [...bytes].flatMap(byte => (byte === MAGIC ? [MAGIC, 0xf8] : [byte]))
}

/** @returns a function that takes bytes as they come, and returns the frames that are whole by then */
function unquoting(): (bytes: Uint8Array) => Buffer[] {
    let text = ""
    return bytes => {
        text += Buffer.from(bytes).toString("latin1")
        const frames = text.split("\xfe\xfd")
        text = frames.pop()!
        return frames.map(frame => {
            const content = frame.slice(frame.indexOf("\xfe\xfc") + 2)
            return Buffer.from(content.replaceAll("\xfe\xf8", "\xfe"), "latin1")
        })
    }
}
