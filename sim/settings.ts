/** Puts settings into the VM's flash, over its own services, as the dev server's deploy does. */
import {
    announced,
    decode,
    encode,
    flag,
    service,
    settingPayload,
} from "./jacdac.ts"
import type { Vm } from "./vm.ts"

/** Command of the settings service. */
const SET = 0x81
/** Register of the DeviceScript manager, a byte: whether a program begins by itself; and the command that sets a register. */
const AUTOSTART = 0x81
const SET_REGISTER = 0x2000

/**
 * Stores settings. To be called before the program is deployed.
 * @param settings JSON in UTF-8, by name
 * @param held the program then waits for a debugger to start it
 */
export function storeSettings(
    vm: Vm,
    settings: Record<string, Uint8Array>,
    held = false
) {
    const { device, services } = announcement(vm)
    const tell = (to: number, command: number, payload: Uint8Array) => {
        const index = services.indexOf(to)
        const { command: flags } = flag
        const packet = { flags, device, service: index, command, payload }
        if (!receiveFrame(vm, encode(packet)))
            throw new Error("expected the VM to take a frame, it did not")
        vm._jd_em_process()
    }
    for (const [name, value] of Object.entries(settings))
        tell(service.settings, SET, settingPayload(name, value))
    if (held)
        tell(
            service.deviceScriptManager,
            SET_REGISTER | AUTOSTART,
            Buffer.of(0)
        )
}

/** The VM's announcement of itself: which services it has, by index. */
function announcement(vm: Vm) {
    let found: { device: string; services: number[] } | undefined
    const sendPacket = vm.sendPacket
    vm.sendPacket = frame => {
        for (const packet of decode(frame)) {
            const services = announced(packet)
            if (services) found ??= { device: packet.device, services }
        }
    }
    vm._jd_em_process()
    vm.sendPacket = sendPacket
    if (!found)
        throw new Error("expected the VM to announce itself, it did not")
    return found
}

/** Hands a Jacdac frame to the VM, as its bus does. @returns whether the VM had room for it */
export function receiveFrame(vm: Vm, bytes: Uint8Array): boolean {
    const pointer = vm._malloc(bytes.length)
    vm.HEAPU8.set(bytes, pointer)
    const code = vm._jd_em_frame_received(pointer)
    vm._free(pointer)
    return code >= 0
}

/** @returns settings as the firmware stores them: JSON in UTF-8, by name */
export function encodeSettings(settings: Record<string, unknown>) {
    return Object.fromEntries(
        Object.entries(settings)
            .filter(([, value]) => value !== undefined)
            .map(([name, value]) => [name, Buffer.from(JSON.stringify(value))])
    )
}
