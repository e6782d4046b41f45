/** What is in a board's flash memory: firmware, board definition, settings and program, as `devs bundle` puts them there. */
import { storeSettings } from "../settings.ts"
import { toolchain } from "../vm.ts"

/** Where the firmware is in the address space. */
const FLASH = 0x10000000
/** Of the boards with the smallest flash memory. */
const FLASH_SIZE = 2 * 1024 * 1024
/** @see https://github.com/microsoft/uf2 "File format" */
const UF2 = {
    size: 512,
    first: 0x0a324655,
    second: 0x9e5d5157,
    notMainFlash: 1,
    address: 12,
    length: 16,
    payload: 32,
    maxPayload: 476,
} as const

/** What goes into a flash memory. */
export interface Contents {
    /** A UF2 file. */
    firmware: Uint8Array
    /** What is in the board's file in boards/. */
    board: object
    bytecode: Uint8Array
    /** JSON in UTF-8, by name. */
    settings: Record<string, Uint8Array>
}

/**
 * @returns the whole flash memory
 * @throws when the firmware is not a UF2 file for this chip, or the VM does not accept the bytecode
 */
export async function flashImage(contents: Contents): Promise<Uint8Array> {
    const { compiler } = toolchain()
    const { archs } = compiler.resolveBuildConfig()
    const { dcfgOffset, fstorOffset, fstorPages, flashPageSize } = archs.rp2040
    const flash = unpack(contents.firmware)
    const put = (address: string, size: number, data: Uint8Array) => {
        const start = +address - FLASH
        flash.fill(0xff, start, start + size)
        flash.set(data, start)
    }
    const board = compiler.serializeDcfg(
        compiler.jsonToDcfg(contents.board, true)
    )
    put(dcfgOffset, +fstorOffset - +dcfgOffset, board)
    const size = fstorPages * flashPageSize
    put(fstorOffset, size, await storage(contents, size))
    return flash
}

/** The firmware's own file system, made by the firmware's own code, which the simulator's VM has too. */
async function storage(
    { bytecode, settings }: Contents,
    size: number
): Promise<Uint8Array> {
    const vm = await toolchain().createVm()
    let content = new Uint8Array()
    vm.flashSize = size
    vm.flashLoad = () => content
    vm.flashSave = saved => (content = new Uint8Array(saved))
    vm.dmesg = () => {}
    vm.sendPacket = () => {}
    vm.devsSetDeviceId("0000000000000001")
    storeSettings(vm, settings)
    const code = vm.devsDeploy(bytecode)
    if (code !== 0)
        throw new Error(
            `expected the VM to accept ${bytecode.length} bytes of bytecode, its code is ${code}`
        )
    return content
}

/**
 * Puts a UF2 file's blocks where they say.
 * @returns the whole flash memory
 * @throws when it is not a UF2 file for this chip
 */
export function unpack(file: Uint8Array): Uint8Array {
    const flash = new Uint8Array(FLASH_SIZE).fill(0xff)
    const view = new DataView(file.buffer, file.byteOffset, file.length)
    for (let at = 0; at + UF2.size <= file.length; at += UF2.size) {
        const word = (offset: number) => view.getUint32(at + offset, true)
        if (word(0) !== UF2.first || word(4) !== UF2.second)
            throw new Error(
                `expected a UF2 file, found ${word(0).toString(16)} ${word(4).toString(16)} at ${at}`
            )
        if (word(8) & UF2.notMainFlash) continue
        const start = word(UF2.address) - FLASH
        const length = word(UF2.length)
        if (
            length > UF2.maxPayload ||
            start < 0 ||
            start + length > flash.length
        )
            throw new Error(
                `expected firmware for the first ${flash.length} bytes from ${FLASH.toString(16)}, found ${length} bytes for ${word(UF2.address).toString(16)}`
            )
        const payload = at + UF2.payload
        flash.set(file.subarray(payload, payload + length), start)
    }
    return flash
}
