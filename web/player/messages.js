// What stands over the picture while there is none.

export const messages = {
  loading: "Loading…",
  created: "Nobody has published on this stream yet. It starts here by itself.",
  reconnecting: "The encoder is gone for a moment. Waiting for it to come back…",
  ended: "This broadcast is over. The next one starts here by itself.",
  error: "This broadcast failed. The next one starts here by itself.",
  deleted: "This stream was deleted.",
  missing: "There is no such stream.",
  silent: "The server does not answer. Trying again…",
  unplayable: "This browser plays HLS neither by itself nor with hls.js. Install hls.js with scripts/players.sh, "
    + "or open the HLS address in another player.",
};
