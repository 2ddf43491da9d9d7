using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Records;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>
/// Writes what happens in a run as server-sent events. Only events of the journal have an id: it is where a client goes on.
/// </summary>
internal static class EventText
{
    /// <summary>How long a client waits before it comes back, in milliseconds.</summary>
    private const int RetryMs = 1000;

    /// <summary>
    /// What was written of events that are in memory. Followers of a run share its events (<see cref="RunFeed"/>), so each is
    /// written once for all of them; the text depends on nothing but the event.
    /// </summary>
    private static readonly ConditionalWeakTable<JournalEvent, Written> Shared = [];

    /// <summary>Gets the text that tells a client how soon to reconnect to a stream of limited lifetime.</summary>
    public static ReadOnlyMemory<byte> Retry { get; } = Encoding.UTF8.GetBytes($"retry: {RetryMs}\n\n");

    /// <summary>Writes an event of the journal, once for all who ask.</summary>
    /// <param name="position">Its position.</param>
    /// <param name="e">The event.</param>
    public static byte[] Of(long position, JournalEvent e)
    {
        if (!Shared.TryGetValue(e, out Written? written))
        {
            written = Shared.GetValue(e, one => new Written(position, Write(position, one)));
        }

        // A copy of a run has the same events at places of its own.
        return written.Position == position ? written.Text : Write(position, e);
    }

    /// <summary>Writes a signal.</summary>
    /// <param name="signal">The signal.</param>
    public static byte[] Of(RunSignal signal) => signal switch
    {
        JournalSignal { Position: var position, Event: { } e } => Of(position, e),
        ModelStarted started => Write(LiveEventTypes.ModelStarted, ModelStartedResource.Of(started)),
        ModelRetrying retrying => Write(LiveEventTypes.ModelRetrying, ModelRetryingResource.Of(retrying)),
        ModelSnapshot snapshot => Write(LiveEventTypes.ModelSnapshot, ModelSnapshotResource.Of(snapshot)),
        ModelDelta delta => Write(LiveEventTypes.ModelDelta, ModelDeltaResource.Of(delta)),
        ModelReset reset => Write(LiveEventTypes.ModelReset, ModelResetResource.Of(reset)),
        RunStateChanged state => Write(LiveEventTypes.RunState, RunStateResource.Of(state)),
        ToolProgressed said => Write(LiveEventTypes.ToolProgress, ToolProgressResource.Of(said)),
        TreePatched patch => Write(LiveEventTypes.TreePatch, TreePatchResource.Of(patch)),
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal.GetType().Name, "There is no such signal."),
    };

    /// <summary>Writes that the stream ends, and when to come back.</summary>
    /// <param name="reason">Why it ends.</param>
    public static byte[] End(string reason) =>
        [.. Encoding.UTF8.GetBytes($"retry: {RetryMs}\n"),
            .. Write(LiveEventTypes.StreamEnds, new StreamEndResource(reason, RetryMs))];

    private static byte[] Write<T>(string type, T data) =>
        Encoding.UTF8.GetBytes($"event: {type}\ndata: {JsonSerializer.Serialize(data, ApiJson.Options)}\n\n");

    private static byte[] Write(long position, JournalEvent e) => Encoding.UTF8.GetBytes(
        $"id: {position}\nevent: {e.Type}\ndata: {JsonSerializer.Serialize(EventResource.Of(position, e), ApiJson.Options)}\n\n");

    private sealed record Written(long Position, byte[] Text);
}
