/** What stands in for a board's networks in the simulator. */
import { UserError } from "../../lib/errors.ts"
import type { BoardOptions } from "../../sim/board.ts"
import { Backplane, I2cWire, SpiWire } from "../../sim/buses.ts"
import { Eg915uModem, QuectelModem } from "../../sim/chips/modem/quectel.ts"
import { Sc16is7xx } from "../../sim/chips/modem/sc16is7xx.ts"
import { SimcomModem } from "../../sim/chips/modem/simcom.ts"
import { HomeLan } from "../../sim/chips/w5500/home.ts"
import { W5500 } from "../../sim/chips/w5500/w5500.ts"
import type { Config, Network } from "../project/config.ts"
import { entryOf } from "../project/configure.ts"

export const MODEMS = {
    simcom: SimcomModem,
    quectel: QuectelModem,
    eg915u: Eg915uModem,
}

/** What stands in for a network, for whoever wants it to misbehave. */
export interface Models {
    ethernet?: { chip: W5500; lan: HomeLan }
    modem?: SimcomModem | QuectelModem
}

/** A network in the simulator: its entry, the chips that it needs, and how to end them. */
export interface Simulation extends Models, Pick<BoardOptions, "wires"> {
    entry: string
    close(): void
}

const SIMULATIONS: Record<Network, (config: Config) => Simulation> = {
    wifi: config => ({ entry: entryOf(config), close: () => {} }),
    ethernet: () => {
        const ethernet = pluggedIn()
        const { chip } = ethernet
        return {
            ethernet,
            entry: "sim/device/main-ethernet.ts",
            wires: { bus: new Backplane({ w5500: new SpiWire(chip) }) },
            close: () => chip.close(),
        }
    },
    cellular: ({ modem }) => {
        const peer = new MODEMS[modem]()
        const bridge = new SpiWire(new Sc16is7xx({ peer }))
        return {
            modem: peer,
            entry: "sim/device/main-cellular.ts",
            wires: { bus: new Backplane({ spi: bridge }) },
            close: () => peer.close(),
        }
    },
}

function pluggedIn() {
    const chip = new W5500()
    const lan = new HomeLan()
    chip.plug(lan)
    return { chip, lan }
}

/** What can be asked for instead of what devs.json says. */
export const NETWORKS = [...Object.keys(SIMULATIONS), "ethernet,cellular"]

/** What an option of a command names: `ethernet,cellular` is the list of both. */
export function networkOf(name?: string): Config["network"] | undefined {
    const names = name?.split(",") as Network[] | undefined
    return names?.length === 1 ? names[0] : names
}

/** Of several networks the simulator has Ethernet and a modem beside it. */
function failover({ modem, network }: Config): Simulation {
    if (network.toString() !== "ethernet,cellular")
        throw new UserError(
            `"network" is ${JSON.stringify(network)}; of several networks at once the simulator has ["ethernet", "cellular"], in this order: it has one socket, which is the wire to both`
        )
    const ethernet = pluggedIn()
    const { chip } = ethernet
    const peer = new MODEMS[modem]()
    const bus = new Backplane({
        w5500: new SpiWire(chip),
        i2c: new I2cWire(new Sc16is7xx({ peer })),
    })
    return {
        ethernet,
        modem: peer,
        entry: "sim/device/main-failover.ts",
        wires: { bus },
        close: () => {
            chip.close()
            peer.close()
        },
    }
}

/** A program that is named has the computer's own network, as Wi-Fi. */
export function simulate(config: Config): Simulation {
    const { program, network } = config
    if (program !== undefined) return { entry: program, close: () => {} }
    return typeof network === "string"
        ? SIMULATIONS[network](config)
        : failover(config)
}
