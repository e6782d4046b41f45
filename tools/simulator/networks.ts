/** What stands in for a board's networks in the simulator. */
import { UserError } from "../../lib/errors.ts"
import type { BoardOptions } from "../../sim/board.ts"
import { Backplane, I2cWire, SpiWire } from "../../sim/buses.ts"
import { Eg915uModem, QuectelModem } from "../../sim/chips/modem/quectel.ts"
import { Sc16is7xx } from "../../sim/chips/modem/sc16is7xx.ts"
import { SimcomModem } from "../../sim/chips/modem/simcom.ts"
import { HomeLan } from "../../sim/chips/w5500/home.ts"
import { W5500 } from "../../sim/chips/w5500/w5500.ts"
import { boards } from "../project/boards.ts"
import type { Config, Network } from "../project/config.ts"
import { entryOf } from "../project/configure.ts"
import type { Settings } from "../project/settings.ts"

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
    /** The program is compiled for models, see `compileForModels`. */
    modelled?: boolean
    /** What such a program has to know of the board. */
    settings?: Settings
    close(): void
}

const SIMULATIONS: Record<Network, (config: Config) => Simulation> = {
    wifi: config => ({ entry: entryOf(config), close: () => {} }),
    ethernet: () => {
        const ethernet = pluggedIn()
        const { chip } = ethernet
        const wire = new SpiWire(chip)
        return {
            ethernet,
            entry: "sim/device/main-ethernet.ts",
            wires: { bus: new Backplane({ w5500: wire, spi: wire }) },
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
    const wire = new SpiWire(chip)
    const bus = new Backplane({
        w5500: wire,
        spi: wire,
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

/** What a configuration's program finds on the simulated board; without one, the echo program. */
export function simulate(config: Config): Simulation {
    const { program, network, board } = config
    const simulation =
        typeof network === "string"
            ? SIMULATIONS[network](config)
            : failover(config)
    if (program === undefined) return simulation
    const isRp2040 = boards().get(board)!.arch.startsWith("rp2040")
    return {
        ...simulation,
        entry: program,
        modelled: simulation.wires !== undefined,
        settings: { RP2040: isRp2040 },
    }
}
