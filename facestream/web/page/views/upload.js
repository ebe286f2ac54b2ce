/** Sends a body and tells how far it is, which `fetch` can't. */

/**
 * @typedef {Object} Problem An RFC 9457 problem as a server tells it, or one of the way there.
 * @property {number} status HTTP status; 0 where there was no answer.
 * @property {string} title
 * @property {string} detail
 */

/** What went wrong, in words for a person. */
export class UploadError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.detail || problem.title);
    this.name = "UploadError";
    this.status = problem.status;
    this.title = problem.title;
  }
}

/**
 * Send it with POST.
 *
 * @param {string} url
 * @param {Blob|FormData} body
 * @param {{onProgress?: (sent: number, total: number) => void, onSent?: () => void, signal?: AbortSignal}} options
 *     `onProgress` is told bytes, `onSent` that all of them are there and the answer is awaited.
 * @returns {Promise<any>} The answer, from JSON.
 * @throws {UploadError} Where the server refuses it or can't be reached.
 * @throws {DOMException} AbortError, after the signal.
 */
export function upload(url, body, { onProgress, onSent, signal } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    if (body instanceof Blob) request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => onProgress?.(event.loaded, event.total);
    request.upload.onload = () => onSent?.();
    request.onerror = () => reject(new UploadError(noAnswer()));
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    request.onload = () => {
      const answer = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300) resolve(answer);
      else reject(new UploadError({ ...refused(request.status), ...answer, status: request.status }));
    };
    if (signal?.aborted) {
      reject(new DOMException("cancelled", "AbortError"));
      return;
    }
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function noAnswer() {
  return {
    status: 0,
    title: "No answer",
    detail: "The server did not answer, or broke off: it may have stopped, or the file is larger than it takes.",
  };
}

function refused(status) {
  return { title: "Refused", detail: `The server refused it (HTTP ${status}).` };
}
