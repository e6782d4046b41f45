import * as ds from "@devicescript/core"
import { explainOffline } from "./native"

/** Bytes that an ESP32's firmware keeps: it copies both into buffers of one more, with a zero behind (main/wifi_impl.c). */
const MAX_SSID = 31
const MAX_PASSWORD = 63

/**
 * Has the board join a Wi-Fi network, and join it again when it goes and comes back. Returns at once: a dial waits for the
 * network. The log says how it goes, and the error of a dial that waited in vain does.
 * @throws RangeError when an ESP32 would cut the name or the password off
 */
export function joinWifi(ssid: string, password = "") {
    if (
        ds._dcfgString("archId") !== "rp2040w" &&
        (Buffer.from(ssid).length > MAX_SSID ||
            Buffer.from(password).length > MAX_PASSWORD)
    )
        throw new RangeError(
            `SSID beyond ${MAX_SSID} bytes or password beyond ${MAX_PASSWORD}`
        )
    join.start(ssid, password)
}

async function join(ssid: string, password: string) {
    // [int:0]: the service of this very board, whatever else is on the bus; beside a simulated board it is another device
    const wifi = new ds.Wifi(ds.isSimulator() ? "wifi" : "wifi[int:0]")
    let isOnline = false
    /** The latest scan saw the network. */
    let isHere = false
    let said: string

    function tell(what: string) {
        explainOffline(what)
        if (what !== said) console.log(what)
        said = what
    }

    wifi.gotIp.subscribe(() => {
        isOnline = true
        tell(`wifi: joined ${ssid}`)
    })
    // Also of an attempt that failed; then the firmware tries again, and only a scan tells why.
    wifi.lostIp.subscribe(async () => {
        if (isOnline) tell(`wifi: lost ${ssid}`)
        else if (isHere) tell(`wifi: can't join ${ssid}: wrong password?`)
        else await wifi.reconnect()
        if (isOnline) isOnline = isHere = false
    })
    wifi.scanComplete.subscribe(found => {
        if (isOnline) return
        const known = found[1]
        if (!known) tell(`wifi: no access point ${ssid}`)
        // A Pico W says nothing of attempts that fail.
        else if (isHere) tell(`wifi: can't join ${ssid}: wrong password?`)
        isHere = known > 0
    })
    const before = await wifi.ssid.read()
    if (before === ssid) {
        isOnline = true
        return
    }
    await wifi.addNetwork(ssid, password)
    // It stays in another network until it is told.
    if (before) await wifi.reconnect()
}
