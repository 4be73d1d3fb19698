// Requests to the service that this page comes from, and its stream of events.

let key = sessionStorage.getItem("key");

export class ServiceError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The key that requests carry from now on. */
export function useKey(text) {
  key = text;
  sessionStorage.setItem("key", text);
}

async function send(path, options = {}) {
  const headers = { ...options.headers };
  if (key) {
    headers.Authorization = `Bearer ${key}`;
  }

  const response = await fetch(path, { ...options, headers });
  if (response.ok) {
    return response;
  }

  let reason = `the service answers ${response.status}`;
  try {
    reason = (await response.json()).detail ?? reason;
  } catch {
    // Not every answer explains itself.
  }

  throw new ServiceError(response.status, reason);
}

export const get = async (path) => (await send(path)).json();

export const sendJson = async (path, body, method = "POST") =>
  (await send(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).json();

/** Follows the run's records for as long as the page is open. A stream that can carry a key, which EventSource cannot. */
export async function follow(onRecord, onState) {
  let last = null;
  let wait = 500;
  for (;;) {
    try {
      const response = await send("/v1/metrics/stream", { headers: last ? { "Last-Event-ID": last } : {} });
      onState("live");
      wait = 500;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) {
          break;
        }

        const parts = (rest + value).split("\n\n");
        rest = parts.pop();
        for (const part of parts) {
          const field = (name) => part.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
          last = field("id") ?? last;
          const type = field("event");
          if (type) {
            onRecord(type, JSON.parse(field("data")));
          }
        }
      }
    } catch (error) {
      if (error.status === 401) {
        onState("key");
        return;
      }
    }

    onState("lost");
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, 10_000);
  }
}
