/** Sends a body and tells how far it is, which `fetch` can't. */
import { ApiError, url } from "../api.js";

/**
 * @param {string} path of a route, sent to with POST
 * @param {Blob | FormData} body
 * @param {{query?: Record<string, any>, onProgress?: (sent: number, total: number) => void, onSent?: () => void, signal?: AbortSignal}} [how]
 *   `onProgress` is told bytes, `onSent` that all of them are there and the answer is awaited
 * @returns {Promise<any>} the answer
 * @throws {ApiError} status 0 where there was no answer, -1 after `signal`
 */
export function upload(path, body, { query, onProgress, onSent, signal } = {}) {
  return new Promise((resolve, reject) => {
    const givenUp = () => reject(new ApiError(-1, { title: "Given up" }));
    if (signal?.aborted) return givenUp();
    const request = new XMLHttpRequest();
    request.open("POST", url(path, query));
    request.setRequestHeader("Accept", "application/json");
    if (body instanceof Blob) request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => onProgress?.(event.loaded, event.total);
    request.upload.onload = () => onSent?.();
    request.onerror = () => reject(new ApiError(0, { detail: "facestream broke off or can't be reached." }));
    request.onabort = givenUp;
    request.onload = () => {
      const answer = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300) resolve(answer);
      else reject(new ApiError(request.status, answer ?? { title: request.statusText }));
    };
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}

/** @param {string} text */
function parsed(text) {
  try { return JSON.parse(text); } catch { return null; }
}

/** 20 MB, 1.4 GB. @param {number} bytes */
export function size(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  if (bytes < 1e9) return `${bytes < 1e7 ? Math.round(bytes / 1e5) / 10 : Math.round(bytes / 1e6)} MB`;
  return `${Math.round(bytes / 1e8) / 10} GB`;
}
