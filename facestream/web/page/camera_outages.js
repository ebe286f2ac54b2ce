/** Which cameras deliver nothing, for what stands beside every view. */
import { api } from "./api.js";
import { stateOf, stateText } from "./views/camera_state.js";

const DOWN = ["stalled", "backing_off", "failed", "waiting"];
const AGAIN_MS = 5000;

/** @param {any} camera a camera that is connected to for the first time is not down yet */
const isDown = (camera) => DOWN.includes(stateOf(camera)) || (stateOf(camera) === "connecting" && Boolean(camera.last_error));

/**
 * Follow the cameras.
 *
 * @param {import("./events.js").Events} events
 * @param {(trouble: {text: string, why: string} | null) => void} tell null where none is down, or there are none
 */
export function followCameras(events, tell) {
  /** @type {Map<string, any>} */ const cameras = new Map();
  let timer = 0;

  function told() {
    const wanted = [...cameras.values()].filter((camera) => !camera.paused);
    const down = wanted.filter(isDown);
    if (!down.length) return tell(null);
    const why = down.map((camera) => `${camera.name}: ${stateText(camera)}`).join("\n");
    tell({ text: down.length === wanted.length ? "No camera delivers" : `${down.length} of ${wanted.length} cameras down`, why });
  }

  async function read() {
    clearTimeout(timer);
    try {
      const all = await api.all("/cameras", {});
      cameras.clear();
      for (const camera of all) cameras.set(camera.name, camera);
      told();
    } catch { timer = setTimeout(() => void read(), AGAIN_MS); }
  }

  events.on("camera", (camera) => {
    if (camera.removed) cameras.delete(camera.name);
    else cameras.set(camera.name, camera);
    told();
  });
  for (const kind of ["reset", "resumed"]) events.on(kind, () => void read());
  void read();
}
