import { startApp } from "./app"
import { readConfig } from "./config"
import { failover } from "./net/failover"
import { startNetworks } from "./networks.generated"

const dial = failover(await startNetworks())
const config = await readConfig()
await startApp({ dial, ...config })
