import { start } from "../../../src/networks/cellular"
import { runSizes } from "./sizes"

await runSizes(await start())
