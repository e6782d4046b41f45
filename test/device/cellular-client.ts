/** The client of `stream-client.ts` over a modelled modem; with a key, by TLS. */
import { readSetting } from "@devicescript/settings"
import { simBus, simI2c, simPin } from "../../sim/device/sim-bus"
import { Modem } from "../../src/net/cellular/modem"
import { eg915u, quectel } from "../../src/net/cellular/quectel"
import { i2cRegisters, spiRegisters } from "../../src/net/cellular/registers"
import { Sc16is7xx } from "../../src/net/cellular/sc16is7xx"
import { simcom } from "../../src/net/cellular/simcom"
import { Dial } from "../../src/net/stream"
import { tls } from "../../src/net/tls/tls"
import { runClient } from "./stream-client"

const i2c = await readSetting("i2c", false)
const powerKey = await readSetting("powerkey", false)

const uart = new Sc16is7xx({
    registers: i2c ? i2cRegisters(simI2c("i2c")) : spiRegisters(simBus("spi")),
    baud: await readSetting("baud", 115200),
    crystal: await readSetting("crystal", 14745600),
    flowControl: await readSetting("flowcontrol", true),
})
const make = await readSetting("modem", "simcom")
const modem = new Modem({
    uart,
    dialect:
        make === "simcom" ? simcom() : make === "eg915u" ? eg915u() : quectel(),
    apn: await readSetting("apn", ""),
    user: await readSetting("user", ""),
    password: await readSetting("password", ""),
    pin: await readSetting("pin", ""),
    patience: await readSetting("patience", 5000),
    retry: 500,
    powerKey: powerKey
        ? async pressed => await simPin("key", pressed)
        : undefined,
})

const dial: Dial = async address => await modem.dial(address)
const key = Buffer.from(await readSetting("key", ""), "hex")
await runClient(key.length ? tls(dial, { identity: "kitchen", key }) : dial)
