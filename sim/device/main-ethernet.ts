import { startApp } from "../../src/app/app"
import { readAddress, readConfig } from "../../src/app/config"
import { startEthernet } from "../../src/net/ethernet/ethernet"
import { parseAddress } from "../../src/net/ethernet/ip"
import { secure } from "../../src/app/secure.generated"
import { simBus } from "./sim-bus"

// src/main-ethernet.ts, but for the pins
const address = parseAddress(await readAddress())
const config = await readConfig()
const dial = await startEthernet({ bus: simBus(), address })
await startApp({ dial: await secure(dial), ...config })
