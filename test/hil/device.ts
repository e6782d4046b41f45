/** The seam between the scenarios and the board that they test: simulated, emulated or real. */
import type { Patch } from "./variants.ts"
import type { Like } from "../../sim/firmware.ts"
import type { Wifi, WifiOptions } from "../../sim/wifi.ts"
import type { Models as ChipModels } from "../../tools/simulator/networks.ts"

/** What stands in for a device's networks. */
export interface Models extends ChipModels {
    /** Only where there is an access point, see `DeviceOptions`; everywhere else the board is in its network at once. */
    wifi?: Wifi
}

/**
 * What a device runs, see programs.ts: `echo` is the echo program, src/app/app.ts; `sizes` sends binary messages of given
 * sizes, test/hil/device/sizes.ts; `probe` looks at the firmware and the chip, without a network, test/hil/device/probe.ts, and
 * `sockets` at the firmware's own sockets, over Wi-Fi only, probe-socket.ts beside it.
 */
export type ProgramName = "echo" | "sizes" | "probe" | "sockets"

/**
 * The program's settings by their names in capitals, as its `readSetting()` finds them; they win over devs.json.
 * `URL` is how the address of the server reaches the board: the suite listens on the back end's `host`, on a port that
 * stays the same for as long as the device is open.
 */
export type Settings = Record<string, string | number>

/** A line that the program logged. */
export interface LogLine {
    /** When it arrived here: `performance.now()` of this process, in milliseconds. */
    at: number
    /** Without the mark of its level, which not every device shows. */
    text: string
}

/** A board under test. */
export interface Device {
    /** All that it has logged since it was opened, across resets. */
    readonly log: readonly LogLine[]
    /**
     * Brings a program onto the board, in place of the one before, and starts it.
     * Resolves when it is about to run: its first log line is still to come.
     */
    deploy(program: ProgramName, settings: Settings): Promise<void>
    /** Restarts the board, as its reset button does: what is deployed runs anew, and connections end without a Close frame. */
    reset(): Promise<void>
    /**
     * Waits for a log line. Each line is looked at once: the search begins behind the line that the call before found.
     * @param wanted part of the line's text, or a pattern
     * @param timeout milliseconds of the scenario's clock, see `BackEnd.pace`
     * @throws when no such line came in time or the device was closed; the message has the lines that came instead
     */
    expect(wanted: string | RegExp, timeout?: number): Promise<RegExpExecArray>
    /** Lets time pass on the device's own clock. Absent where that is this computer's. */
    sleep?(milliseconds: number): Promise<void>
    /** What stands in for its network, since it was last started; boards of their own kind have none. */
    readonly models?: Models
    /** What the device knows about itself by now, for the report: `{ "live heap, B": 9120, "cycles per exchange": 1.9e6 }`. */
    figures?(): Record<string, number>
    /** Ends it; nothing stays behind. May be called again. */
    close(): Promise<void>
}

/** What a user can say about the device, and each back end takes what it needs of it. */
export interface DeviceOptions {
    /** One of the back end's `networks`. */
    network: string
    /** Id of the board in boards/. Default: the one of devs.json. */
    board?: string
    /** Serial port. Default: the only one with a board. */
    port?: string
    /** Speed of the serial port. */
    baud?: number
    /** The address at which a real board reaches this computer. Default: the only one that is not loopback. */
    host?: string
    /** Firmware, a UF2 file. */
    firmware?: string
    /** Boot ROM, a raw image. */
    bootrom?: string
    /** Changes the program's sources before they are compiled; only the simulator can do that. */
    patch?: Patch
    /** The access point of a device with models; it joins by the settings SSID and PASSWORD. */
    wifi?: WifiOptions
    /** Whose socket a simulated board's Wi-Fi imitates, closer than by default. */
    like?: Like
    /** TLS, over a simulated board's Wi-Fi. */
    tls?: boolean
    /** TLS by a pre-shared key, over a simulated board's networks. */
    psk?: boolean
    /** Writes the image first, instead of trusting what is on the board. */
    flash?: boolean
}

/** A kind of device. */
export interface BackEnd {
    /** For `--help`: what it is and what it needs. */
    description: string
    /** Networks that its devices have, of `wifi`, `ethernet`, `cellular`. */
    networks: string[]
    /** The address of this computer as the device sees it, on which the suite listens. */
    host(options: DeviceOptions): string
    /** Its devices have `models`. */
    modelled?: boolean
    /** How many devices can be open at the same time. */
    parallel: number
    /** How many times longer than on a board everything takes: deadlines are stretched by it. 1: real time. */
    pace: number
    /**
     * Gets hold of a device, with no program running on it.
     * @throws NoDevice when there is none, or when something that it needs is not there
     */
    open(options: DeviceOptions): Promise<Device>
}
