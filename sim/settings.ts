/** Puts settings into the VM's flash, over its settings service, as the dev server's deploy does. */
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

/**
 * Stores settings. To be called before the program is deployed.
 * @param settings JSON in UTF-8, by name
 */
export function storeSettings(vm: Vm, settings: Record<string, Uint8Array>) {
    const { device, services } = announcement(vm)
    for (const [name, value] of Object.entries(settings)) {
        const frame = encode({
            flags: flag.command,
            device,
            service: services.indexOf(service.settings),
            command: SET,
            payload: settingPayload(name, value),
        })
        receiveFrame(vm, frame)
        vm._jd_em_process()
    }
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

/** Hands a Jacdac frame to the VM, as its bus does. */
export function receiveFrame(vm: Vm, bytes: Uint8Array) {
    const pointer = vm._malloc(bytes.length)
    vm.HEAPU8.set(bytes, pointer)
    const code = vm._jd_em_frame_received(pointer)
    vm._free(pointer)
    if (code < 0)
        throw new Error(`expected the VM to take a frame, its code is ${code}`)
}

/** @returns settings as the firmware stores them: JSON in UTF-8, by name */
export function encodeSettings(settings: Record<string, unknown>) {
    return Object.fromEntries(
        Object.entries(settings)
            .filter(([, value]) => value !== undefined)
            .map(([name, value]) => [name, Buffer.from(JSON.stringify(value))])
    )
}
