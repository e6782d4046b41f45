import { deviceIdentifier } from "@devicescript/core"
import { millis, suspendInVm } from "../../fiber/clock"
import { startPolling, tick } from "../../fiber/polled-clock"
import { notify, Signal, wait } from "../../fiber/signal"
import { Address, Dial, Stream, StreamError } from "../stream"
import { Bus } from "../bus/bus"
import { DhcpHost, keepAddress } from "./dhcp-client"
import { IpConfig, parseIp, sameIp } from "./ip"
import { Resolver } from "./resolver"
import { Sockets } from "./sockets"
import { TcpStream } from "./tcp"
import { UdpSocket } from "./udp"
import { W5500 } from "./w5500"

/** Milliseconds between two looks at the link. */
const LOOK_INTERVAL = 250
/** Milliseconds between two attempts to find the chip. */
const RETRY_INTERVAL = 1000
/** Milliseconds between two polls when nothing has happened for long. */
const LONGEST_REST = 8
const DEFAULT_TIMEOUT = 30000

export interface EthernetOptions {
    bus: Bus
    /**
     * An address of one's own, or what finds it out while the driver keeps an RP2040 awake, as reading a setting does not;
     * without one, DHCP.
     */
    address?: IpConfig | (() => Promise<IpConfig>)
    /** How the device calls itself towards the DHCP server, up to 24 bytes. Default `devs-` and the end of its MAC. */
    hostName?: string
    /** Six bytes. Default: made from the device's identifier, locally administered. */
    mac?: Buffer
}

/**
 * Starts a W5500.
 * @returns the way to dial over it; up to eight connections at once. `wss://` is refused: there is no TLS for it.
 */
export async function startEthernet(options: EthernetOptions): Promise<Dial> {
    // What is started while the program handles a packet, right after a setting was read for instance, may be overslept by
    // an RP2040; after a transfer it is not.
    await options.bus.rest(1)
    const ethernet = new Ethernet(options)
    return async address => await ethernet.dial(address)
}

/**
 * A wired network interface.
 *
 * One fiber polls the chip for everybody and rests between polls, 1 ms at first, up to 8 ms when nothing happens; what it
 * rests on is the bus, never a timer. Another one takes care of the address.
 */
class Ethernet implements DhcpHost {
    private readonly chip: W5500
    private readonly sockets: Sockets
    private readonly resolver: Resolver
    readonly changed = new Signal()
    readonly mac: Buffer
    readonly hostName: string
    linked = false
    links = 0
    private config: IpConfig
    /** What is wrong with the chip itself. */
    private fault: string

    constructor(private readonly options: EthernetOptions) {
        const mac = options.mac || ownMac()
        this.mac = mac
        const chip = new W5500(options.bus, mac)
        const sockets = new Sockets(chip)
        this.chip = chip
        this.sockets = sockets
        const self = this
        this.resolver = new Resolver(
            async () => await self.openUdp(sockets.localPort())
        )
        this.hostName =
            options.hostName || `devs-${mac.slice(3).toString("hex")}`
        startPolling()
        this.run.start()
        this.findAddress.start()
    }

    private async findAddress() {
        const { address } = this.options
        if (typeof address !== "function") this.config = address
        else {
            const config = await address()
            if (config) await this.configure(config)
        }
        if (!this.config) await keepAddress(this)
    }

    /**
     * Opens a TCP connection.
     * @throws StreamError
     */
    async dial(address: Address): Promise<Stream> {
        const { host, port } = address
        const name = `${host}:${port}`
        if (address.secure)
            throw new StreamError(
                `w5500: ${name}: the chip has no TLS: use tls() with a pre-shared key, or ws://`
            )
        if (host.indexOf(":") >= 0)
            throw new StreamError(`w5500: ${name}: the chip speaks IPv4 only`)
        const deadline = millis() + (address.timeout || DEFAULT_TIMEOUT)
        const config = await this.ready(name, deadline)
        const ip =
            parseIp(host) ||
            (await this.resolver.lookup(host, config.dns, deadline))
        const stream = new TcpStream(await this.sockets.claim(false), name)
        try {
            await stream.connect(ip, port, this.sockets.localPort(), deadline)
        } catch (e) {
            await stream.close()
            // perhaps the host has moved
            this.resolver.forget()
            throw e
        }
        return stream
    }

    /** Waits for link and address. */
    private async ready(name: string, deadline: number): Promise<IpConfig> {
        let told: string
        while (!this.config || !this.linked) {
            const left = deadline - millis()
            const missing = this.linked ? "an address" : "the link"
            if (left <= 0 || this.fault)
                throw new StreamError(
                    this.fault ||
                        `w5500: ${name}: ${this.linked ? "no DHCP server has given an address" : "no link: is the cable plugged in at both ends?"}`
                )
            if (missing !== told) console.log(`w5500: waiting for ${missing}`)
            told = missing
            await wait(this.changed, left)
        }
        return this.config
    }

    /** Brings the chip up, polls it, and brings it up again when it was reset. */
    private async run() {
        for (;;) {
            try {
                await this.chip.start()
                await this.chip.configure(this.config || noAddress())
                this.setFault(undefined)
                await this.poll()
                this.setFault("w5500: the chip was reset")
            } catch (e) {
                this.setFault((e as Error).message)
                await this.pause()
            }
            this.sockets.loseAll("the chip was reset")
        }
    }

    private async pause() {
        const end = millis() + RETRY_INTERVAL
        while (millis() < end) {
            tick()
            await this.options.bus.rest(1)
        }
    }

    private setFault(fault: string) {
        this.fault = fault
        if (fault) this.linked = false
        notify(this.changed)
    }

    /** @returns when the chip was reset */
    private async poll() {
        const { bus } = this.options
        let quiet = 0
        let look = 0
        for (;;) {
            const due = tick()
            if (millis() >= look) {
                if (!(await this.look())) return
                look = millis() + LOOK_INTERVAL
            }
            if (await this.sockets.poll()) {
                quiet = 0
                // who was woken goes first; nothing becomes due later, so that no timer is needed for this
                await suspendInVm(0)
            } else {
                const rest = Math.min(1 + (++quiet >> 6), LONGEST_REST)
                await bus.rest(due < rest ? due : rest)
            }
        }
    }

    private async look(): Promise<boolean> {
        const { chip } = this
        if (!(await chip.inspect())) return false
        if (chip.linked !== this.linked) {
            this.linked = chip.linked
            if (this.linked) this.links++
            notify(this.changed)
        }
        return true
    }

    /** @param config what to use from now on; connections do not survive a change of address */
    async configure(config: IpConfig) {
        const before = this.config
        this.config = config
        if (before && !(config && sameIp(before.ip, config.ip))) {
            await this.sockets.abortAll("the network took the address back")
            this.resolver.forget()
        }
        await this.chip.configure(config || noAddress())
        notify(this.changed)
    }

    async openUdp(port: number): Promise<UdpSocket> {
        const udp = new UdpSocket(await this.sockets.claim(true))
        try {
            await udp.open(port)
        } catch (e) {
            await udp.close()
            throw e
        }
        return udp
    }
}

/** The device's identifier, cut to six bytes: unicast, locally administered. */
function ownMac(): Buffer {
    const mac = Buffer.from(deviceIdentifier("self"), "hex").slice(2, 8)
    mac[0] = (mac[0] & 0xfc) | 0x02
    return mac
}

function noAddress(): IpConfig {
    const none = Buffer.alloc(4)
    return { ip: none, mask: none, gateway: none, dns: [] }
}
