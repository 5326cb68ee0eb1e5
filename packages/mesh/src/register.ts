import { setGlobalDispatcher } from "undici";
import { createMesh, type Mesh } from "./mesh.ts";

/**
 * Puts a process into the mesh without a change to its code: `node --import enmesh/register app.js`. Its `fetch` goes through the mesh; the
 * configuration comes from `ENMESH_*` and `enmesh.config.*`.
 */
export const mesh: Mesh = await createMesh();
setGlobalDispatcher(mesh.dispatcher);
