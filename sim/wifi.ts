/**
 * The Wi-Fi service of the firmware (network/wifi.c), and the air around the board. On a board it is one of its own
 * services; here, where the VM has none, a Jacdac device beside it, for roles without `[int:0]`. Its times are the VM's.
 */
import { crc, decode, encode, flag, index, service } from "./jacdac.ts"
import { clock } from "./vm.ts"

export interface WifiOptions {
    /** The access point's. Default: any SSID will do, with any password. */
    ssid?: string
    password?: string
    /** Milliseconds from power-on until the access point is there; Infinity: never. Default 0. */
    after?: number
    /** What the board knows from before. */
    known?: { ssid: string; password: string }
    /** As on a Pico W, which tells of no failure to join, and does not try again. */
    isMute?: boolean
    /** Milliseconds that a scan, a success and a failure take. Default: 300, 300 and 500; on a chip they are seconds. */
    scan?: number
    join?: number
    fail?: number
    /** Milliseconds between two scans without a connection. Default 10,240. */
    scanEvery?: number
}

const DEVICE = "f1f1f1f1f1f1f1f1"
/** Milliseconds between two announcements. */
const ANNOUNCE = 500
/** JD_WIFI_SCAN_SECONDS, and when the first scan is, in milliseconds. */
const SCAN = 10_240
const FIRST_SCAN = 2048

/** jacdac-spec, services/wifi.md */
const command = { addNetwork: 0x81, reconnect: 0x82, scan: 0x86 } as const
const register = { ipAddress: 0x181, ssid: 0x183 } as const
const event = {
    gotIp: 1,
    lostIp: 2,
    scanComplete: 0x80,
    networksChanged: 0x81,
} as const
const GET = 0x1000
const EVENT = 0x8000

export class Wifi {
    /** There is an address. */
    isConnected = false
    /** The board joins, or has joined. */
    private isConnecting = false
    private isScanning = false
    private rescanRequested = false
    private known: { ssid: string; password: string } | undefined
    private present = false
    private password: string | undefined
    private events = 0
    private readonly timers = new Set<NodeJS.Timeout>()

    /**
     * @param send hands a frame to the board
     * @param changed `isConnected` did
     */
    constructor(
        private readonly options: WifiOptions,
        private readonly send: (frame: Uint8Array) => void,
        private readonly changed: () => void
    ) {
        this.known = options.known
        this.password = options.password
    }

    /** The board is switched on. */
    start() {
        const { after = 0 } = this.options
        if (after === 0) this.present = true
        else if (after < Infinity) this.later(after, () => this.appear())
        this.announce()
        this.later(FIRST_SCAN, () => this.scanAgain())
    }

    private later(milliseconds: number, action: () => void) {
        const timer = setTimeout(() => {
            this.timers.delete(timer)
            action()
        }, milliseconds / clock.pace)
        this.timers.add(timer)
    }

    private announce() {
        const payload = Buffer.alloc(8)
        payload.writeUInt32LE(1, 0)
        payload.writeUInt32LE(service.wifi, 4)
        this.report(index.control, 0, payload)
        this.later(ANNOUNCE, () => this.announce())
    }

    private report(
        to: number,
        code: number,
        payload: Buffer = Buffer.alloc(0)
    ) {
        this.send(
            encode({
                flags: 0,
                device: DEVICE,
                service: to,
                command: code,
                payload,
            })
        )
    }

    private emit(code: number, payload?: Buffer) {
        const count = this.events++ & 0x7f
        this.report(1, EVENT | (count << 8) | code, payload)
    }

    /** The access point comes. */
    appear() {
        this.present = true
    }

    /** The access point takes another password from now on. */
    changePassword(password: string) {
        this.password = password
    }

    /** The access point goes. */
    vanish() {
        this.present = false
        if (this.isConnected) this.lost()
    }

    /** A frame from the board. */
    receive(frame: Uint8Array) {
        for (const packet of decode(frame)) {
            const { flags, device, command: code, payload } = packet
            if (!(flags & flag.command) || device !== DEVICE) continue
            if (flags & flag.acknowledge)
                this.report(index.acknowledgement, crc(frame))
            if (packet.service === 1) this.handle(code, Buffer.from(payload))
        }
    }

    private handle(code: number, payload: Buffer) {
        if (code === command.addNetwork) {
            const [ssid, password = ""] = payload.toString("utf8").split("\0")
            this.known = { ssid, password }
            this.emit(event.networksChanged)
            this.connect()
        } else if (code === command.scan) this.scan()
        else if (code === command.reconnect) {
            this.rescanRequested = true
            if (this.isConnecting) this.lost()
        } else if (code === (GET | register.ipAddress))
            this.report(
                1,
                code,
                this.isConnected ? Buffer.of(192, 168, 1, 9) : undefined
            )
        else if (code === (GET | register.ssid))
            this.report(
                1,
                code,
                Buffer.from(this.isConnected ? this.known!.ssid : "")
            )
    }

    private isHere(): boolean {
        const { ssid } = this.options
        return (
            this.present &&
            this.known !== undefined &&
            (ssid ?? this.known.ssid) === this.known.ssid
        )
    }

    /** wifi_connect() */
    private connect() {
        const { known } = this
        if (this.isConnecting || !known) return
        this.isConnecting = true
        const { join = 300, fail = 500, isMute } = this.options
        const works =
            this.isHere() &&
            (this.password ?? known.password) === known.password
        this.later(works ? join : fail, () => {
            // called off meanwhile, or for another network
            if (!this.isConnecting || this.known !== known) return
            if (works && this.isHere()) this.got()
            else if (!isMute) this.lost()
        })
    }

    private got() {
        this.isConnected = true
        this.changed()
        this.emit(event.gotIp)
    }

    /** jd_wifi_lost_ip_cb(): also what every failure to join ends in */
    private lost() {
        this.isConnecting = false
        if (this.isConnected) {
            this.isConnected = false
            this.changed()
        }
        if (this.rescanRequested) {
            this.rescanRequested = false
            this.scan()
        } else this.connect()
        this.emit(event.lostIp)
    }

    private scanAgain() {
        if (!this.isConnected) this.scan()
        this.later(this.options.scanEvery ?? SCAN, () => this.scanAgain())
    }

    /** An ESP32 cannot scan while it joins (ESP_ERR_WIFI_STATE). */
    private scan() {
        const { scan = 300, isMute } = this.options
        if (this.isScanning || (this.isConnecting && !isMute)) return
        this.isScanning = true
        this.later(scan, () => {
            this.isScanning = false
            const payload = Buffer.alloc(4)
            payload.writeUInt16LE(this.present ? 1 : 0, 0)
            payload.writeUInt16LE(this.isHere() ? 1 : 0, 2)
            this.emit(event.scanComplete, payload)
            if (this.isHere()) this.connect()
        })
    }

    stop() {
        for (const timer of this.timers) clearTimeout(timer)
    }
}
