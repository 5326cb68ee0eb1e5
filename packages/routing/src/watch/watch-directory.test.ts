import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Call, createRuntime, Destination, type MeshEvent, type Runtime } from "@enmesh/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { createRouter, type Router } from "../router.ts";
import { type DirectoryWatch, watchDirectory } from "./watch-directory.ts";

const text = (host: string): string =>
  `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\nspec: { hosts: [a], http: [{ route: [{ destination: { host: ${host} } }] }] }\n`;
const call = { service: "a", path: "/", method: "GET", header: () => undefined } as unknown as Call;

let directory: string;
let runtime: Runtime;
let router: Router;
let events: MeshEvent[];
let watched: DirectoryWatch | undefined;

const destination = (): string | undefined => {
  const found = router.step.route(call);
  return found.type === "routing" ? found.destination.name : undefined;
};
/** Every change is carried out within a second. */
const becomes = (name: string): Promise<void> =>
  vi.waitFor(() => expect(destination()).toBe(name), { timeout: 1_000, interval: 10 });
const put = (name: string, content: string): Promise<void> => writeFile(join(directory, name), content);
const start = (at = directory): DirectoryWatch => (watched = watchDirectory({ directory: at, router, runtime }));

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "enmesh-watch-"));
  runtime = createRuntime();
  events = [];
  runtime.events.listen((event) => events.push(event));
  router = createRouter({
    destinationOf: (service, subset) => new Destination(service, subset),
    random: () => 0,
    events: runtime.events,
  });
});

afterEach(async () => {
  watched?.close();
  await rm(directory, { recursive: true, force: true });
});

describe("a watched directory", () => {
  test("is read at once, its files in the order of their names, others left alone", async () => {
    await put("b.yaml", text("second").replace("name: a", "name: b"));
    await put("a.yml", text("first"));
    await put("dashboard.json", "{");
    await put(".a.yaml.swp.yaml", "broken: [");

    const result = await start().first;

    expect(result).toMatchObject({ ok: true, revision: 1 });
    expect(destination()).toBe("first");
    expect(router.step.route(call)).toMatchObject({ plan: { source: `${join(directory, "a.yml")}:4:28` } });
  });

  test("is read again when a file is written, renamed into place, or deleted", async () => {
    await put("a.yaml", text("one"));
    await start().first;

    await put("a.yaml", text("two"));
    await becomes("two");

    await put(".a.yaml.tmp", text("three"));
    await rename(join(directory, ".a.yaml.tmp"), join(directory, "a.yaml"));
    await becomes("three");

    await rm(join(directory, "a.yaml"));
    await becomes("a");
  });

  test("changes nothing while a file is half written", async () => {
    await put("a.yaml", text("one"));
    await start().first;

    await put("a.yaml", text("two").slice(0, -20));
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ type: "policy.rejected", revision: 1 }), 1_000);
    expect(destination()).toBe("one");

    await put("a.yaml", text("two"));
    await becomes("two");
  });

  test("may come later, go, and come back; what was good stays meanwhile", async () => {
    const later = join(directory, "later");
    const result = await start(later).first;

    expect(result).toMatchObject({
      ok: false,
      diagnostics: [{ code: "ENMESH_R004", file: later, message: expect.stringContaining("does not exist") }],
    });

    await mkdir(later);
    await writeFile(join(later, "a.yaml"), text("one"));
    await becomes("one");

    await rm(later, { recursive: true });
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ type: "policy.rejected" }), 1_000);
    expect(destination()).toBe("one");

    await mkdir(later);
    await writeFile(join(later, "a.yaml"), text("two"));
    await becomes("two");
    await writeFile(join(later, "a.yaml"), text("three"));
    await becomes("three");
  });

  test("follows links that are switched over, as a mounted ConfigMap does it", async () => {
    await mkdir(join(directory, "..1"));
    await mkdir(join(directory, "..2"));
    await put("..1/a.yaml", text("one"));
    await put("..2/a.yaml", text("two"));
    await symlink("..1", join(directory, "..data"));
    await symlink("..data/a.yaml", join(directory, "a.yaml"));
    await start().first;
    expect(destination()).toBe("one");

    await symlink("..2", join(directory, "..data_tmp"));
    await rename(join(directory, "..data_tmp"), join(directory, "..data"));

    await becomes("two");
  });

  test("reports nothing while nothing changes", async () => {
    await put("a.yaml", text("one"));
    await start().first;
    const { length } = events;

    await put("a.yaml", text("one"));
    await watched?.refresh();
    await watched?.refresh();

    expect(events).toHaveLength(length);
  });

  test("applies nothing once it is closed, at whatever moment that is", async () => {
    await put("a.yaml", text("one"));

    for (let ticks = 0; ticks < 40; ticks++) {
      const { first, close } = start();
      for (let tick = 0; tick < ticks; tick++) await new Promise((resolve) => setImmediate(resolve));
      close();
      const { revision } = router.table;
      await put("a.yaml", text(`after-${ticks}`));
      await first;
      expect(router.table.revision).toBe(revision);
    }
  });

  test.runIf(process.platform === "linux")("leaves no handle behind", async () => {
    await put("a.yaml", text("one"));
    const before = await kernelWatches();
    await start().first;
    expect(await kernelWatches()).toBe(before + 1);

    watched?.close();

    await vi.waitFor(async () => expect(await kernelWatches()).toBe(before));
  });

  test("hands its files to a function as well, and survives one that fails", async () => {
    const seen: string[] = [];
    await put("a.yaml", text("one"));
    watched = watchDirectory({
      directory,
      runtime,
      onFiles: (files, problems) => {
        seen.push(...files.map((file) => file.name.slice(directory.length + 1)));
        if (seen.length > 1) throw new Error("no");
        return router.apply(files, problems);
      },
    });
    await watched.first;

    await put("a.yaml", text("two"));
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ type: "policy.failed", directory }), 1_000);

    expect(seen).toEqual(["a.yaml", "a.yaml"]);
  });
});

/** How many files and directories the kernel watches for this process. */
async function kernelWatches(): Promise<number> {
  const open = await readdir("/proc/self/fdinfo");
  const infos = await Promise.all(open.map((fd) => readFile(`/proc/self/fdinfo/${fd}`, "utf8").catch(() => "")));
  return infos.join("\n").split("inotify wd:").length - 1;
}
