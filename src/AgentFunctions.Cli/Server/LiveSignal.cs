using System.Net.ServerSentEvents;
using System.Text.Json;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Views.Live;

namespace AgentFunctions.Cli.Server;

/// <summary>
/// Reads the event stream of a server: events of the journal, which have a position, and what a live stream has beside them.
/// </summary>
internal static class LiveSignal
{
    /// <summary>Reads one.</summary>
    /// <param name="item">What came.</param>
    /// <returns>The signal; <see langword="null"/> for what this program does not show.</returns>
    public static RunSignal? Read(SseItem<string> item) => item.EventType switch
    {
        LiveEventTypes.ModelStarted when Of<ModelStartedResource>(item) is { } started =>
            new ModelStarted(started.Turn, started.Attempt, started.Delivery, started.Model, new DateTimeOffset(started.At)),
        LiveEventTypes.ModelSnapshot => Of<ModelSnapshotResource>(item).ToSignal(),
        LiveEventTypes.ModelDelta => Of<ModelDeltaResource>(item).ToSignal(),
        LiveEventTypes.ModelReset when Of<ModelResetResource>(item) is { } reset =>
            new ModelReset(reset.Turn, reset.Attempt, reset.Reason),
        LiveEventTypes.ToolProgress when Of<ToolProgressResource>(item) is { } said =>
            new ToolProgressed(said.Turn, said.Call, said.Tool, said.Text),
        LiveEventTypes.RunState when Of<RunStateResource>(item) is { } state => state.ToSignal(),
        // The journal and the state say so too.
        LiveEventTypes.ModelRetrying or LiveEventTypes.TreePatch or LiveEventTypes.StreamEnds => null,
        _ => Recorded(item),
    };

    private static JournalSignal? Recorded(SseItem<string> item) =>
        JsonElement.Parse(item.Data).TryGetProperty("position", out _) && Of<EventResource>(item) is { } e
            ? new JournalSignal(e.Position, e.ToJournalEvent())
            : null;

    private static T Of<T>(SseItem<string> item) => JsonSerializer.Deserialize<T>(item.Data, ApiClient.Lenient)!;
}
