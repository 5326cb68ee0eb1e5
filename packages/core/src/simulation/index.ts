export { VirtualTime } from "./virtual-time.ts";
export {
  simulate,
  scripted,
  simulatedEndpoint,
  Simulation,
  SimulatedAttempt,
  SimulatedExchange,
  type Reply,
  type Run,
  type SimulationOptions,
  type Upstream,
} from "./simulate.ts";
