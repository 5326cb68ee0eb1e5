import { loadArguments, type LoadOptions, LoadReports } from "../load/reports.ts";
import type { ShopOptions } from "../shop.ts";
import { loadRole, registryRole, type Role, roles } from "./plan.ts";
import { ShopProcess, type ShopProcessOptions } from "./shop-process.ts";

type Env = Readonly<Record<string, string>>;
type Extras = Pick<ShopProcessOptions, "args" | "onMessage">;

const stopServicesWithinMs = 6_000;
const stopOthersWithinMs = 2_000;

/** The processes of a shop: made with the environment that each one needs, started and ended in the right order. */
export class RunningShop {
  readonly processes: ShopProcess[] = [];
  readonly #options: ShopOptions;
  readonly #folder: string;
  #load: LoadReports | undefined;
  #isStopping = false;

  constructor(options: ShopOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    process.once("exit", this.kill); // whoever leaves in a hurry leaves nothing behind
  }

  of(service: string, version?: string): readonly ShopProcess[] {
    const isMeant = (one: ShopProcess): boolean => version === undefined || one.version === version;
    return this.processes.filter((one) => one.service === service && isMeant(one));
  }

  /** The registry comes first: the services register as they start. */
  async startRegistry(port: number): Promise<string> {
    const registry = this.#process(registryRole, "registry", { SHOP_REGISTRY_PORT: `${port}` });
    this.processes.push(registry);
    await registry.start();
    return `http://127.0.0.1:${registry.port}`;
  }

  /** The services start all at once and in any order: nobody needs the others to start. */
  async startServices(registryUrl: string, gatewayPort: number): Promise<void> {
    const { meshDirectory = "mesh", services } = this.#options;
    const wanted = roles.filter(({ service }) => services?.includes(service) ?? true);
    const made = wanted.flatMap((role) =>
      namesOf(role).map((name) =>
        this.#process(role, name, {
          ENMESH_REGISTRY: registryUrl,
          ENMESH_VERSION: role.version,
          ...(role.isRouted ? { ENMESH_POLICIES: meshDirectory } : {}),
          ...(role.portVariable === undefined ? {} : { [role.portVariable]: `${gatewayPort}` }),
        }),
      ),
    );
    this.processes.push(...made);
    await Promise.all(made.map((one) => one.start()));
  }

  async startLoad(gatewayUrl: string, load: LoadOptions): Promise<LoadReports> {
    const args = loadArguments(gatewayUrl, load);
    this.#load = new LoadReports((onMessage) => this.#process(loadRole, "load", {}, { args, onMessage }));
    await this.#load.process.start();
    return this.#load;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const registry = this.of("registry");
    const services = this.processes.filter((one) => !registry.includes(one));
    await this.#load?.process.stop(stopOthersWithinMs);
    await Promise.all(services.map((one) => one.stop(stopServicesWithinMs)));
    await Promise.all(registry.map((one) => one.stop(stopOthersWithinMs)));
    process.off("exit", this.kill);
  }

  readonly kill = (): void => {
    this.#isStopping = true;
    for (const one of [this.#load?.process, ...this.processes]) void one?.kill("SIGKILL");
  };

  #process(role: Role, name: string, env: Env, extras: Extras = {}): ShopProcess {
    return new ShopProcess({
      role,
      name,
      folder: this.#folder,
      // A line per call and request would fill a disk overnight: ENMESH_LOG_ACCESS=all asks for it.
      env: { ENMESH_LOG_ACCESS: "errors", ...process.env, SHOP_DATA: this.#folder, ...env, ...this.#options.env },
      portVariable: role.portVariable,
      ...extras,
      onExit: (one, exit) => {
        if (!this.#isStopping) this.#options.onExit?.(one, exit);
      },
    });
  }
}

/** `gateway`; `catalog-v1-1` and `catalog-v1-2`. */
function namesOf({ service, version, count }: Role): readonly string[] {
  if (count === 1) return [service];
  return Array.from({ length: count }, (_, index) => `${service}-${version}-${index + 1}`);
}
