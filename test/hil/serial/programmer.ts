/** Brings settings and programs onto a board over its serial port, as the dev server does, and restarts it. */
import type { Duplex } from "node:stream"
import {
    announced,
    crc,
    decode,
    encode,
    flag,
    index,
    service,
    settingPayload,
    type Packet,
} from "../../../sim/jacdac.ts"
import { Bridge, quoted } from "../../../tools/serial/bridge.ts"

/** Commands, and registers as they are written (Jacdac: 0x2000 and the register's number). */
const ENABLE_PACKETS = 0x81
const RESET = 0x82
const DEPLOY_BYTECODE = 0x80
const SET_RUNNING = 0x2080
const SET_AUTOSTART = 0x2081
const SET_SETTING = 0x81
const DELETE_SETTING = 0x84
/** A packet of a stream has the port, and in the lower bits its number; the last one says so. */
const STREAM = { portShift: 7, counterMask: 0x1f, close: 0x20 } as const

/** Bytes of a program in a packet: the firmware takes multiples of 32 only (devsmgr.c). */
const PIECE = 224

/** Milliseconds to an acknowledgement, which may have to wait for the flash memory; and how often to ask for it. */
const PATIENCE = 2000
const TRIES = 3

/** What a programmer needs of its board. */
interface Target {
    device: string
    services: number[]
}

export interface ProgrammerOptions {
    /** How many times slower than a board the device is. Default 1. */
    pace?: number
    /** The settings on the board that a deployment may delete, by name; kept up to date. Default: none. */
    stored?: Set<string>
}

export class Programmer {
    private target?: Target
    private readonly waiting = new Set<(packet: Packet) => void>()
    private readonly pace: number
    private readonly stored: Set<string>

    /**
     * @param port the serial port
     * @param line gets each line of the board's log
     */
    constructor(
        private readonly port: Duplex,
        line: (text: string) => void,
        { pace = 1, stored = new Set() }: ProgrammerOptions = {}
    ) {
        this.pace = pace
        this.stored = stored
        const bridge = new Bridge({
            line,
            frame: bytes => {
                for (const packet of decode(bytes))
                    for (const look of [...this.waiting]) look(packet)
            },
        })
        port.on("data", (bytes: Buffer) => bridge.push(bytes))
    }

    /** @throws when no DeviceScript board answers */
    async connect(): Promise<void> {
        const enable: Packet = {
            flags: flag.command | flag.broadcast,
            device: broadcast(service.usbBridge),
            service: index.broadcast,
            command: ENABLE_PACKETS,
            payload: new Uint8Array(),
        }
        this.target = await this.persist(
            enable,
            packet => {
                const services = announced(packet)
                return services?.includes(service.deviceScriptManager)
                    ? { device: packet.device, services }
                    : undefined
            },
            "the announcement of a DeviceScript board"
        )
    }

    /**
     * Replaces the board's program and starts it.
     * @param settings JSON in UTF-8, by name; those of deployments before that are not among them are deleted
     */
    async deploy(
        bytecode: Uint8Array,
        settings: Record<string, Uint8Array>
    ): Promise<void> {
        const manager = service.deviceScriptManager
        await this.command(manager, SET_AUTOSTART, Buffer.from([0]))
        await this.command(manager, SET_RUNNING, Buffer.from([0]))
        await this.store(settings)
        await this.send(bytecode)
        await this.command(manager, SET_AUTOSTART, Buffer.from([1]))
        await this.command(manager, SET_RUNNING, Buffer.from([1]))
    }

    /** Restarts the board, which does not acknowledge it. */
    restart(): void {
        this.write(encode(this.packet(index.control, RESET, new Uint8Array())))
    }

    private async store(settings: Record<string, Uint8Array>) {
        for (const name of this.stored)
            if (!(name in settings)) {
                const payload = Buffer.from(name)
                await this.command(service.settings, DELETE_SETTING, payload)
                this.stored.delete(name)
            }
        for (const [name, value] of Object.entries(settings)) {
            const payload = settingPayload(name, value)
            await this.command(service.settings, SET_SETTING, payload)
            this.stored.add(name)
        }
    }

    /** The program, by a stream whose port the board chooses. */
    private async send(bytecode: Uint8Array) {
        const size = Buffer.alloc(4)
        size.writeUInt32LE(bytecode.length)
        const deploy = this.packet(
            this.number(service.deviceScriptManager),
            DEPLOY_BYTECODE,
            size
        )
        const port = await this.persist(
            deploy,
            ({ service, command, payload }) =>
                service === deploy.service && command === DEPLOY_BYTECODE
                    ? Buffer.from(payload).readUInt16LE(0)
                    : undefined,
            `a stream for ${bytecode.length} bytes of bytecode`
        )
        const pieces = Math.ceil(bytecode.length / PIECE)
        for (let n = 0; n < pieces; n++) {
            const start = n * PIECE
            const last = n === pieces - 1
            await this.acknowledged(
                this.packet(
                    index.stream,
                    (port << STREAM.portShift) |
                        (n & STREAM.counterMask) |
                        (last ? STREAM.close : 0),
                    bytecode.subarray(start, start + PIECE)
                )
            )
        }
    }

    private async command(of: number, command: number, payload: Uint8Array) {
        await this.acknowledged(this.packet(this.number(of), command, payload))
    }

    private async acknowledged(packet: Packet) {
        packet.flags |= flag.acknowledge
        const checksum = crc(encode(packet))
        await this.persist(
            packet,
            ({ service, command }) =>
                (service === index.acknowledgement && command === checksum) ||
                undefined,
            `the acknowledgement of command 0x${packet.command.toString(16)}`
        )
    }

    /** Sends a packet until what comes satisfies. */
    private async persist<T>(
        packet: Packet,
        look: (packet: Packet) => T | undefined,
        what: string
    ): Promise<T> {
        const frame = encode(packet)
        for (let n = 0; n < TRIES; n++) {
            const answer = this.wait(packet, look)
            this.write(frame)
            const found = await answer
            if (found !== undefined) return found
        }
        throw new Error(
            `expected ${what}; in ${(TRIES * PATIENCE * this.pace) / 1000} s nothing of the kind came`
        )
    }

    private wait<T>(
        { flags, device }: Packet,
        look: (packet: Packet) => T | undefined
    ): Promise<T | undefined> {
        return new Promise(resolve => {
            const done = (value?: T) => {
                clearTimeout(timer)
                this.waiting.delete(consider)
                resolve(value)
            }
            const consider = (packet: Packet) => {
                const from = flags & flag.broadcast ? packet.device : device
                if (packet.flags & flag.command || packet.device !== from)
                    return
                const found = look(packet)
                if (found !== undefined) done(found)
            }
            this.waiting.add(consider)
            const timer = setTimeout(done, PATIENCE * this.pace)
        })
    }

    private packet(
        service: number,
        command: number,
        payload: Uint8Array
    ): Packet {
        if (!this.target)
            throw new Error("expected a board that has announced itself")
        const { device } = this.target
        return { flags: flag.command, device, service, command, payload }
    }

    private number(of: number): number {
        const number = this.target?.services.indexOf(of) ?? -1
        if (number < 0)
            throw new Error(
                `expected the board to have service ${of.toString(16)}, it has none`
            )
        return number
    }

    private write(frame: Buffer) {
        this.port.write(quoted(frame))
    }
}

/** A service's class in the place of a device id. */
function broadcast(of: number): string {
    const bytes = Buffer.alloc(8)
    bytes.writeUInt32LE(of, 0)
    return bytes.toString("hex")
}
