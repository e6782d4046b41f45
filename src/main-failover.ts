import { startApp } from "./app/app"
import { readConfig } from "./app/config"
import { failover } from "./net/failover"
import { startNetworks } from "./app/networks.generated"
import { secure } from "./app/secure.generated"

const dial = failover(await startNetworks())
const config = await readConfig()
await startApp({ dial: await secure(dial), ...config })
