namespace AgentFunctions.Browser;

/// <summary>
/// A stream of events in a page that says what the test says: for more of them than a host on a test's machine makes.
/// </summary>
internal static class StreamScript
{
    /// <summary>
    /// Gives a script after which requests to addresses with a part in them are streams, in which
    /// <c>window.say(type, data, id)</c> speaks.
    /// </summary>
    /// <param name="part">The part of the addresses.</param>
    /// <param name="isSilent">Whether they give no sign of life, as if the host had died without a word.</param>
    public static string For(string part, bool isSilent = false) => $$"""
        (() => {
          const real = window.fetch, text = new TextEncoder();
          window.fetch = (input, init) => {
            if (!String(input?.url ?? input).includes('{{part}}')) return real(input, init);
            return Promise.resolve(new Response(new ReadableStream({
              start(controller) {
                window.say = (type, data, id) => controller.enqueue(text.encode(
                  `${id === undefined ? '' : `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`));
                const alive = setInterval(() => {{(isSilent ? "0" : "1")}} && controller.enqueue(text.encode(': alive\n\n')), 10_000);
                init?.signal?.addEventListener('abort', () => { clearInterval(alive); controller.error(init.signal.reason); });
              },
            }), { headers: { 'Content-Type': 'text/event-stream' } }));
          };
        })();
        """;
}
