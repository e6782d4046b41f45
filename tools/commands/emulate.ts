/**
 * `npm run emulate`: any firmware on an emulated W5500-EVB-Pico, to check the emulator, the W5500's model and other people's
 * drivers for it against each other. TCP to 192.168.77.2 goes to this computer; a router at 192.168.77.1 has DHCP and DNS.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { RP2040 } from "rp2040js"
import { newCommand, runCommand, stopSignal } from "../../lib/command.ts"
import { UserError } from "../../lib/errors.ts"
import { HomeLan } from "../../sim/chips/w5500/home.ts"
import { W5500 } from "../../sim/chips/w5500/w5500.ts"
import { Chip } from "../../sim/rp2040/chip.ts"
import { unpack } from "../../sim/rp2040/image.ts"
import { usbSerial } from "../../sim/rp2040/usb-serial.ts"
import { wireSpi } from "../../sim/rp2040/wiring.ts"
import { PACKAGE } from "../project/folder.ts"
import { readBootrom } from "../toolchain/firmware.ts"

const BOARD = "boards/w5500_evb_pico.board.json"

interface Options {
    bootrom?: string
    usb?: boolean
    warnings?: boolean
}

async function emulate(file: string, options: Options) {
    if (!existsSync(file))
        throw new UserError(`expected firmware in ${file}, found none`)
    const flash = unpack(readFileSync(file))
    const bootrom = readBootrom(options.bootrom)
    const { pins } = JSON.parse(readFileSync(join(PACKAGE, BOARD), "utf8"))
    const w5500 = new W5500()
    const wire = (rp2040: RP2040) => {
        const wiring = { sck: pins.SCK, cs: pins.CS, reset: pins.RST }
        wireSpi(rp2040, wiring, w5500)
        if (options.usb) usbSerial(rp2040).pipe(process.stdout, { end: false })
    }
    const chip = new Chip({
        bootrom,
        flash,
        wire,
        uart0: byte => void process.stdout.write(Uint8Array.of(byte)),
        warn: options.warnings ? text => console.error(text) : undefined,
    })
    w5500.plug(new HomeLan())
    chip.start()
    await stopSignal()
    chip.stop()
    w5500.close()
    console.log(
        `\n${(chip.millis / 1000).toFixed(1)} s of the chip's time, ${chip.cycles} cycles`
    )
}

await newCommand("emulate")
    .description(
        "runs firmware on an emulated W5500-EVB-Pico and shows what it sends on UART0, until Ctrl-C"
    )
    .argument("<firmware>", "UF2 file")
    .option("--bootrom <file>", "the RP2040's boot ROM")
    .option("--usb", "shows what it sends on USB, too")
    .option("--warnings", "shows what the emulator finds strange")
    .action((file, options) => runCommand(() => emulate(file, options)))
    .parseAsync()
